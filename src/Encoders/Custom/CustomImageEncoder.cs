using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A user's network over pictures, prepared as for the library's own.</summary>
internal sealed class CustomImageEncoder : CustomEncoder<nn.Module<Tensor, Tensor>>
{
    private const int Channels = 3;

    private readonly ImageOptions _images;

    /// <summary>Creates the encoder with fresh weights.</summary>
    public CustomImageEncoder(CustomImageEncoderOptions options, ImageOptions images, string column, Generator generator)
        : base(options, column, () => options.CreateNetwork(images.Size), generator)
    {
        _images = images;
        RegisterComponents();
        Probe(2, network => network.call(zeros(2, Channels, images.Size, images.Size, dtype: ScalarType.Float32)));
    }

    /// <inheritdoc/>
    public override Tensor Encode(ModalityBatch batch, NoiseSource? noise)
    {
        var squares = ((ImageBatch)batch).Squares;
        if (noise is not null && !IsFrozen)
            return Run(squares.size(0), noise, network => network.call(ImageAugmentation.Prepare(squares, _images, ScalarType.Float32, noise)));
        return ImageAugmentation.InParts(squares, _images, ScalarType.Float32, part => Run(part.size(0), null, network => network.call(part)));
    }
}
