using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Pictures: the middle of the stored square, normalised.</summary>
internal sealed class PicturePreparation(ImageOptions options) : Preparation
{
    /// <inheritdoc/>
    public override IReadOnlyList<OnnxInput> Prepare(ExampleStore examples)
    {
        var pictures = (ImageStore)examples;
        var length = ImageResizer.Channels * options.Size * options.Size;
        var values = new float[Length(pictures.Count, length)];
        for (var i = 0; i < pictures.Count; i++)
            Normalize(pictures[i], values.AsSpan(i * length, length));
        return [new(OnnxNames.Pictures, values, pictures.Count, ImageResizer.Channels, options.Size, options.Size)];
    }

    private void Normalize(ReadOnlySpan<byte> square, Span<float> picture)
    {
        var (side, size) = (options.Stored, options.Size);
        var start = (side - size + 1) / 2;
        for (var channel = 0; channel < ImageResizer.Channels; channel++)
        {
            var (mean, deviation) = ((float)(options.Mean[channel] * byte.MaxValue), (float)(options.StandardDeviation[channel] * byte.MaxValue));
            for (var y = 0; y < size; y++)
            {
                var source = square.Slice((channel * side + start + y) * side + start, size);
                var target = picture.Slice((channel * size + y) * size, size);
                for (var x = 0; x < size; x++)
                    target[x] = (source[x] - mean) / deviation;
            }
        }
    }
}
