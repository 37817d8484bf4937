using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>A modality of pictures; see <see cref="Modality.Image"/>.</summary>
public sealed class ImageModality : Modality
{
    internal ImageModality(string inputColumnName, string outputColumnName, ImageOptions images, ImageEncoderOptions encoder)
        : base(inputColumnName, outputColumnName) => (Images, Encoder) = (images, encoder);

    /// <summary>How the pictures are prepared.</summary>
    public ImageOptions Images { get; }

    /// <summary>Settings of the network.</summary>
    public ImageEncoderOptions Encoder { get; }

    internal override void Validate()
    {
        Images.Validate();
        Encoder.Validate(Images);
        if (Encoder is CustomImageEncoderOptions custom)
            EncoderKey.Check(custom);
    }

    internal override void CheckFiles()
    {
        if (Encoder.WeightsFile is { } file && !File.Exists(file))
            throw new FileNotFoundException($"The weights file of column '{InputColumnName}' does not exist: {file}.", file);
    }
}
