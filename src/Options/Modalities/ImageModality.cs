namespace Microsoft.ML.GentleClip;

/// <summary>A modality of pictures; see <see cref="Modality.Image"/>.</summary>
public sealed class ImageModality : Modality
{
    internal ImageModality(string outputColumnName, string inputColumnName, ImageOptions images, ImageEncoderOptions encoder)
        : base(outputColumnName, inputColumnName) => (Images, Encoder) = (images, encoder);

    /// <summary>How the pictures are prepared.</summary>
    public ImageOptions Images { get; }

    /// <summary>Settings of the network.</summary>
    public ImageEncoderOptions Encoder { get; }

    internal override IEncoderOptions EncoderOptions => Encoder;

    internal override void Validate()
    {
        base.Validate();
        Images.Validate();
        Encoder.Validate(Images);
    }
}
