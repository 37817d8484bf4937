using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Pictures: the middle of the stored square, normalised.</summary>
internal sealed class PictureInputs(ImageOptions options) : InputBatch
{
    private readonly List<float[]> _pictures = [];

    /// <inheritdoc/>
    public override void Add(ExampleReader reader)
    {
        var square = ((PictureReader)reader).Square;
        var (side, size) = (options.Stored, options.Size);
        var start = (side - size + 1) / 2;
        var picture = new float[ImageResizer.Channels * size * size];
        for (var channel = 0; channel < ImageResizer.Channels; channel++)
        {
            var (mean, deviation) = ((float)(options.Mean[channel] * byte.MaxValue), (float)(options.StandardDeviation[channel] * byte.MaxValue));
            for (var y = 0; y < size; y++)
            {
                var source = square.Slice((channel * side + start + y) * side + start, size);
                var target = picture.AsSpan((channel * size + y) * size, size);
                for (var x = 0; x < size; x++)
                    target[x] = (source[x] - mean) / deviation;
            }
        }
        _pictures.Add(picture);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<TowerInput> ToInputs()
    {
        var values = new float[Length(_pictures.Count, _pictures[0].Length)];
        for (var i = 0; i < _pictures.Count; i++)
            _pictures[i].CopyTo(values, i * _pictures[i].Length);
        return [new(OnnxNames.Pictures, values, _pictures.Count, ImageResizer.Channels, options.Size, options.Size)];
    }
}
