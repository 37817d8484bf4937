using System.Reflection;
using Microsoft.ML.GentleClip.OnnxWriter;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>The multilayer perceptron of feature vectors.</summary>
internal sealed class MlpKind : EncoderKind<VectorModality, VectorEncoderOptions>
{
    /// <inheritdoc/>
    public override string SavedName => "vector";

    /// <inheritdoc/>
    public override Type DescriptionType => typeof(Description);

    /// <inheritdoc/>
    public override string Name => "MLP";

    /// <inheritdoc/>
    public override string? Preprocessing => null;

    /// <inheritdoc/>
    protected override (long Weights, int FeatureDimension) Measure(VectorModality modality, VectorEncoderOptions options, int inputDimension) =>
        VectorEncoder.Measure(options, inputDimension);

    /// <inheritdoc/>
    protected override Encoder Create(VectorModality modality, VectorEncoderOptions options, int inputDimension, Generator generator) =>
        new VectorEncoder(options, inputDimension, generator);

    /// <inheritdoc/>
    protected override EncoderFiles Files(VectorEncoderOptions options) => default;

    /// <inheritdoc/>
    protected override TowerDescription Describe(VectorModality modality, VectorEncoderOptions options, int inputDimension) =>
        new Description(modality.InputColumnName, modality.OutputColumnName, inputDimension, options);

    /// <inheritdoc/>
    protected override string DescribePreprocessing(VectorModality modality, VectorEncoderOptions options) => "none: the graph standardises";

    /// <inheritdoc/>
    protected override string AppendFeatures(OnnxGraph graph, VectorModality modality, VectorEncoderOptions options, string? vectors, string prefix) =>
        VectorNodes.Append(graph, vectors!, options.HiddenDimensions.Count, prefix);

    /// <inheritdoc/>
    protected override Preparation CreatePreparation(VectorModality modality, VectorEncoderOptions options, int inputDimension) =>
        new VectorPreparation();

    private sealed record Description(string InputColumn, string OutputColumn, int InputDimension, VectorEncoderOptions Encoder) : TowerDescription
    {
        /// <inheritdoc/>
        public override (Modality Modality, int InputDimension) Restore(IEnumerable<Assembly> registered) => InputDimension >= 1
            ? (Modality.Vector(OutputColumn, InputColumn, Encoder), InputDimension)
            : throw Damaged($"input dimension of column '{InputColumn}' expected 1 or more, found {InputDimension}");
    }
}
