using System.Globalization;
using System.Reflection;
using Microsoft.ML.GentleClip.OnnxWriter;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>CDConv over protein structures.</summary>
internal sealed class CdConvKind : EncoderKind<ProteinStructureModality, CdConvOptions>
{
    /// <inheritdoc/>
    public override string SavedName => "proteinStructure";

    /// <inheritdoc/>
    public override Type DescriptionType => typeof(Description);

    /// <inheritdoc/>
    public override string Name => "CDConv";

    /// <summary>The graph gathers a weight network for each neighbour, where libtorch sorts the neighbours by network.</summary>
    public override bool IsSlowerAsGraph => true;

    /// <inheritdoc/>
    public override string? Preprocessing => "neighbours of residues are searched";

    /// <inheritdoc/>
    protected override (long Weights, int FeatureDimension) Measure(ProteinStructureModality modality, CdConvOptions options, int inputDimension) =>
        CdConvNetwork.Measure(options);

    /// <inheritdoc/>
    protected override Encoder Create(ProteinStructureModality modality, CdConvOptions options, int inputDimension, Generator generator) =>
        new CdConvEncoder(options, generator);

    /// <inheritdoc/>
    protected override EncoderFiles Files(CdConvOptions options) => new(options.WeightsFile);

    /// <inheritdoc/>
    protected override TowerDescription Describe(ProteinStructureModality modality, CdConvOptions options, int inputDimension) =>
        new Description(modality.InputColumnName, modality.OutputColumnName, modality.SequenceColumnName,
            options with { WeightsFile = null, WeightsKey = null });

    /// <inheritdoc/>
    protected override string DescribePreprocessing(ProteinStructureModality modality, CdConvOptions options)
    {
        var radii = options.Radii.Select(radius => radius.ToString(CultureInfo.InvariantCulture));
        return $"neighbours of alpha carbons within {string.Join(", ", radii)} angstrom";
    }

    /// <inheritdoc/>
    protected override string AppendFeatures(OnnxGraph graph, ProteinStructureModality modality, CdConvOptions options, string? vectors, string prefix) =>
        StructureNodes.Append(graph, options, prefix);

    /// <inheritdoc/>
    protected override Preparation CreatePreparation(ProteinStructureModality modality, CdConvOptions options, int inputDimension) =>
        new StructurePreparation(options);

    private sealed record Description(string InputColumn, string OutputColumn, string? SequenceColumn, CdConvOptions Encoder) : TowerDescription
    {
        /// <inheritdoc/>
        public override (Modality Modality, int InputDimension) Restore(IEnumerable<Assembly> registered) =>
            (Modality.ProteinStructure(OutputColumn, InputColumn, SequenceColumn, Encoder), 0);
    }
}
