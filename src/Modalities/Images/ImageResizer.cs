namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>
/// Scales pictures to a square of bytes, planes of red, green and blue one after the other. The filter is a triangle as wide as two source pixels, or
/// two target pixels where those are larger, as in Pillow: nothing is skipped when a picture shrinks. Not thread-safe.
/// </summary>
internal sealed class ImageResizer(int size, ImageFit fit)
{
    /// <summary>Red, green and blue.</summary>
    public const int Channels = 3;

    private float[] _row = [];
    private float[] _narrowed = [];

    /// <summary>Fetches a row of the source as planes of values from 0 to 255, <c>[3, width]</c>.</summary>
    public delegate void RowSource(int row, Span<float> planes);

    /// <summary>Bytes of a scaled picture.</summary>
    public int Length => Channels * size * size;

    /// <summary>Scales a picture.</summary>
    /// <param name="width">Of the source, 1 or more.</param>
    /// <param name="height">Of the source, 1 or more.</param>
    /// <param name="source">The source's rows.</param>
    /// <param name="target">Receives <see cref="Length"/> bytes.</param>
    public void Resize(int width, int height, RowSource source, Span<byte> target)
    {
        var shorter = Math.Min(width, height);
        var columns = Taps(width, fit == ImageFit.Crop ? (int)((long)size * width / shorter) : size);
        var rows = Taps(height, fit == ImageFit.Crop ? (int)((long)size * height / shorter) : size);
        var (first, end) = (rows[0].Start, rows[^1].Start + rows[^1].Weights.Length);
        Reserve(ref _row, Channels * width);
        Reserve(ref _narrowed, checked((end - first) * Channels * size));
        for (var y = first; y < end; y++)
        {
            var planes = _row.AsSpan(0, Channels * width);
            source(y, planes);
            Narrow(planes, width, columns, _narrowed.AsSpan((y - first) * Channels * size, Channels * size));
        }
        for (var y = 0; y < size; y++)
            Flatten(rows[y], first, target, y);
    }

    private void Narrow(ReadOnlySpan<float> planes, int width, Tap[] columns, Span<float> target)
    {
        for (var channel = 0; channel < Channels; channel++)
        {
            var plane = planes.Slice(channel * width, width);
            for (var x = 0; x < size; x++)
            {
                var sum = 0f;
                var (start, weights) = columns[x];
                for (var i = 0; i < weights.Length; i++)
                    sum += plane[start + i] * weights[i];
                target[channel * size + x] = sum;
            }
        }
    }

    private void Flatten(Tap row, int first, Span<byte> target, int y)
    {
        Span<float> sums = stackalloc float[size];
        for (var channel = 0; channel < Channels; channel++)
        {
            sums.Clear();
            for (var i = 0; i < row.Weights.Length; i++)
            {
                var weight = row.Weights[i];
                var values = _narrowed.AsSpan(((row.Start - first + i) * Channels + channel) * size, size);
                for (var x = 0; x < size; x++)
                    sums[x] += weight * values[x];
            }
            var line = target.Slice((channel * size + y) * size, size);
            for (var x = 0; x < size; x++)
                line[x] = (byte)Math.Clamp(MathF.Round(sums[x]), 0, 255);
        }
    }

    // The middle of a side that is scaled to a length.
    private Tap[] Taps(int source, int length)
    {
        var offset = (int)Math.Round((length - size) / 2.0);
        var scale = (double)source / length;
        var reach = Math.Max(scale, 1);
        var taps = new Tap[size];
        for (var i = 0; i < size; i++)
        {
            var center = (i + offset + 0.5) * scale;
            var start = Math.Max((int)(center - reach + 0.5), 0);
            var weights = new float[Math.Max(Math.Min((int)(center + reach + 0.5), source) - start, 1)];
            var total = 0.0;
            for (var k = 0; k < weights.Length; k++)
            {
                var weight = Math.Max(0, 1 - Math.Abs((k + start - center + 0.5) / reach));
                weights[k] = (float)weight;
                total += weight;
            }
            for (var k = 0; k < weights.Length; k++)
                weights[k] = (float)(weights[k] / total);
            taps[i] = new Tap(start, weights);
        }
        return taps;
    }

    private static void Reserve(ref float[] buffer, int length)
    {
        if (buffer.Length < length)
            buffer = new float[length];
    }

    /// <summary>The source pixels that make up one of the target, and their shares.</summary>
    private readonly record struct Tap(int Start, float[] Weights);
}
