using System.Reflection;
using System.Text.Json;
using Microsoft.ML.GentleClip.Options;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A user's own encoders of pictures.</summary>
internal sealed class CustomImageKind : CustomKind<ImageModality, CustomImageEncoderOptions>
{
    /// <inheritdoc/>
    public override string SavedName => "customImage";

    /// <inheritdoc/>
    public override Type DescriptionType => typeof(Description);

    /// <inheritdoc/>
    protected override Encoder Create(ImageModality modality, CustomImageEncoderOptions options, int inputDimension, Generator generator) =>
        new CustomImageEncoder(options, modality.Images, modality.InputColumnName, generator);

    /// <inheritdoc/>
    protected override EncoderFiles Files(CustomImageEncoderOptions options) => new(options.WeightsFile);

    /// <inheritdoc/>
    protected override TowerDescription Describe(ImageModality modality, CustomImageEncoderOptions options, int inputDimension) => new Description(
        modality.InputColumnName, modality.OutputColumnName, modality.Images, EncoderKey.Of(options),
        EncoderKey.ToJson(options with { WeightsFile = null, WeightsKey = null }),
        modality.Images.ApplyOrientation);

    private sealed record Description(
        string InputColumn, string OutputColumn, ImageOptions Images, string Key, JsonElement Encoder, bool ApplyOrientation = false) : TowerDescription
    {
        /// <inheritdoc/>
        public override (Modality Modality, int InputDimension) Restore(IEnumerable<Assembly> registered) => (
            Modality.Image(
                OutputColumn, InputColumn, Images with { ApplyOrientation = ApplyOrientation },
                CustomImageKind.Restore(Key, Encoder, registered) with { WeightsFile = null }),
            0);
    }
}
