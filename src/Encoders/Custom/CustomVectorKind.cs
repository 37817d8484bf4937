using System.Reflection;
using System.Text.Json;
using Microsoft.ML.GentleClip.Options;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A user's own encoders of feature vectors.</summary>
internal sealed class CustomVectorKind : CustomKind<VectorModality, CustomVectorEncoderOptions>
{
    /// <inheritdoc/>
    public override string SavedName => "customVector";

    /// <inheritdoc/>
    public override Type DescriptionType => typeof(Description);

    /// <summary>Nothing: a closed form beside the network reads the vectors as they are.</summary>
    public override string? Preprocessing => null;

    /// <inheritdoc/>
    protected override Encoder Create(VectorModality modality, CustomVectorEncoderOptions options, int inputDimension, Generator generator) =>
        new CustomVectorEncoder(options, modality.InputColumnName, inputDimension, generator);

    /// <inheritdoc/>
    protected override EncoderFiles Files(CustomVectorEncoderOptions options) => new(options.WeightsFile);

    /// <inheritdoc/>
    protected override TowerDescription Describe(VectorModality modality, CustomVectorEncoderOptions options, int inputDimension) => new Description(
        modality.InputColumnName, modality.OutputColumnName, inputDimension, EncoderKey.Of(options), EncoderKey.ToJson(options with { WeightsFile = null }));

    /// <inheritdoc/>
    protected override string DescribePreprocessing(VectorModality modality, CustomVectorEncoderOptions options) => "none";

    /// <inheritdoc/>
    protected override Preparation CreatePreparation(VectorModality modality, CustomVectorEncoderOptions options, int inputDimension) =>
        new VectorPreparation();

    private sealed record Description(string InputColumn, string OutputColumn, int InputDimension, string Key, JsonElement Encoder) : TowerDescription
    {
        /// <inheritdoc/>
        public override (Modality Modality, int InputDimension) Restore(IEnumerable<Assembly> registered) => InputDimension >= 1
            ? (Modality.Vector(OutputColumn, InputColumn, CustomVectorKind.Restore(Key, Encoder, registered) with { WeightsFile = null }), InputDimension)
            : throw Damaged($"input dimension of column '{InputColumn}' expected 1 or more, found {InputDimension}");
    }
}
