using System.Reflection;
using System.Text.Json;
using Microsoft.ML.GentleClip.Options;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A user's own encoders of text.</summary>
internal sealed class CustomTextKind : CustomKind<TextModality, CustomTextEncoderOptions>
{
    /// <inheritdoc/>
    public override string SavedName => "customText";

    /// <inheritdoc/>
    public override Type DescriptionType => typeof(Description);

    /// <inheritdoc/>
    protected override Encoder Create(TextModality modality, CustomTextEncoderOptions options, int inputDimension, Generator generator) =>
        new CustomTextEncoder(options, modality.InputColumnName, generator);

    /// <inheritdoc/>
    protected override EncoderFiles Files(CustomTextEncoderOptions options) => new(options.WeightsFile, options.VocabularyFile, options.Vocabulary);

    /// <inheritdoc/>
    protected override TowerDescription Describe(TextModality modality, CustomTextEncoderOptions options, int inputDimension) => new Description(
        modality.InputColumnName, modality.OutputColumnName, EncoderKey.Of(options),
        EncoderKey.ToJson(options with { WeightsFile = null, VocabularyFile = null }));

    private sealed record Description(string InputColumn, string OutputColumn, string Key, JsonElement Encoder) : TowerDescription
    {
        /// <inheritdoc/>
        public override (Modality Modality, int InputDimension) Restore(IEnumerable<Assembly> registered) =>
            CustomTextKind.Restore(Key, Encoder, registered) is { Vocabulary: not null } own
                ? (Modality.Text(OutputColumn, InputColumn, own with { WeightsFile = null, VocabularyFile = null }), 0)
                : throw Damaged($"the text of column '{InputColumn}' has no vocabulary");
    }
}
