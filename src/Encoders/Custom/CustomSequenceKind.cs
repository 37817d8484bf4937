using System.Reflection;
using System.Text.Json;
using Microsoft.ML.GentleClip.Options;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A user's own encoders of amino-acid sequences.</summary>
internal sealed class CustomSequenceKind : CustomKind<ProteinSequenceModality, CustomProteinSequenceEncoderOptions>
{
    /// <inheritdoc/>
    public override string SavedName => "customProteinSequence";

    /// <inheritdoc/>
    public override Type DescriptionType => typeof(Description);

    /// <inheritdoc/>
    protected override Encoder Create(
        ProteinSequenceModality modality, CustomProteinSequenceEncoderOptions options, int inputDimension, Generator generator) =>
        new CustomSequenceEncoder(options, modality.InputColumnName, generator);

    /// <inheritdoc/>
    protected override EncoderFiles Files(CustomProteinSequenceEncoderOptions options) => new(options.WeightsFile);

    /// <inheritdoc/>
    protected override TowerDescription Describe(
        ProteinSequenceModality modality, CustomProteinSequenceEncoderOptions options, int inputDimension) => new Description(
            modality.InputColumnName, modality.OutputColumnName, EncoderKey.Of(options), EncoderKey.ToJson(options with { WeightsFile = null }));

    private sealed record Description(string InputColumn, string OutputColumn, string Key, JsonElement Encoder) : TowerDescription
    {
        /// <inheritdoc/>
        public override (Modality Modality, int InputDimension) Restore(IEnumerable<Assembly> registered) =>
            (Modality.ProteinSequence(OutputColumn, InputColumn, CustomSequenceKind.Restore(Key, Encoder, registered) with { WeightsFile = null }), 0);
    }
}
