using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Cuts, mirrors, recolours and normalises pictures, whole batches at a time where the network lives.</summary>
internal static class ImageAugmentation
{
    private const double Byte = 255, WidestShape = 4.0 / 3;
    private const int Channels = 3;

    // Inference takes pictures in parts of so many pixels: memory grows with them, speed does not.
    private const long PixelsPerPart = 32 * 224 * 224;

    // Weights of the channels in a picture's grey, as in ITU-R BT.601.
    private static readonly double[] Luma = [0.299, 0.587, 0.114];

    /// <summary>Normalised pictures, <c>[batch, 3, Size, Size]</c>, of squares of bytes.</summary>
    /// <param name="squares">Bytes, <c>[batch, 3, side, side]</c>.</param>
    /// <param name="options">How to prepare them.</param>
    /// <param name="type">Of the network's weights.</param>
    /// <param name="noise">Varies them in training; null takes their middle.</param>
    public static Tensor Prepare(Tensor squares, ImageOptions options, ScalarType type, NoiseSource? noise)
    {
        using var scope = NewDisposeScope();
        var values = noise is null ? Middle(squares, options.Size).to(type) : Vary(squares.to(ScalarType.Float32), options, noise).to(type);
        var mean = PerChannel(options.Mean, Byte, values);
        var deviation = PerChannel(options.StandardDeviation, Byte, values);
        return (values - mean).div_(deviation).MoveToOuterDisposeScope();
    }

    /// <summary>Features of squares of bytes without noise, some pictures at a time.</summary>
    public static Tensor InParts(Tensor squares, ImageOptions options, ScalarType type, Func<Tensor, Tensor> encode)
    {
        using var scope = NewDisposeScope();
        var parts = new List<Tensor>();
        foreach (var rows in Parts((int)squares.size(0), options))
        {
            using var part = NewDisposeScope();
            parts.Add(encode(Prepare(squares.narrow(0, rows[0], rows.Length), options, type, noise: null)).MoveToOuterDisposeScope());
        }
        return cat(parts, 0).MoveToOuterDisposeScope();
    }

    /// <summary>Which of so many pictures are encoded together without noise.</summary>
    public static IEnumerable<int[]> Parts(int count, ImageOptions options) =>
        Enumerable.Range(0, count).Chunk((int)Math.Max(1, PixelsPerPart / ((long)options.Size * options.Size)));

    private static Tensor Middle(Tensor squares, int size)
    {
        var start = (squares.size(3) - size + 1) / 2;
        return squares.narrow(2, start, size).narrow(3, start, size);
    }

    private static Tensor Vary(Tensor values, ImageOptions options, NoiseSource noise)
    {
        const int numbers = 8;
        var count = values.size(0);
        // As many numbers a picture whatever the options: what else is drawn does not depend on them.
        var random = noise.Uniform(numbers * count, values.device).view(numbers, count);
        values = Cut(values, options, random);
        if (options.ColorJitter == 0)
            return values;
        values = (values * Factor(5)).clamp_(Scalars.Of(0.0), Scalars.Of(Byte));
        var grey = Grey(values).mean([2, 3], keepdim: true);
        values = Mix(grey, values, Factor(6));
        return Mix(Grey(values), values, Factor(7));

        Tensor Factor(int number) => random[number].Times(2 * options.ColorJitter).Plus(1 - options.ColorJitter).view(-1, 1, 1, 1);

        static Tensor Mix(Tensor from, Tensor to, Tensor share) => from.lerp(to, share).clamp_(Scalars.Of(0.0), Scalars.Of(Byte));
    }

    // A random part of each picture, or the whole, at the encoder's size; some mirrored.
    private static Tensor Cut(Tensor values, ImageOptions options, Tensor random)
    {
        var count = values.size(0);
        var (width, height) = (ones_like(random[0]), ones_like(random[0]));
        if (options.MinimumCropArea < 1)
        {
            var area = random[0].Times(1 - options.MinimumCropArea).Plus(options.MinimumCropArea);
            var shape = random[1].Times(2 * Math.Log(WidestShape)).Minus(Math.Log(WidestShape)).exp();
            width = (area * shape).sqrt().clamp_max_(Scalars.One);
            height = (area / shape).sqrt().clamp_max_(Scalars.One);
        }
        var mirrored = random[4].lt(Scalars.Of(options.HorizontalFlip)).to(values.dtype).Times(-2.0).Plus(1.0);
        var (x, y) = (Place(width, random[2]), Place(height, random[3]));
        var zero = zeros_like(width);
        var map = stack([width * mirrored, zero, x, zero, height, y], 1).view(count, 2, 3);
        var grid = nn.functional.affine_grid(map, [count, Channels, options.Size, options.Size], align_corners: false);
        return nn.functional.grid_sample(values, grid, GridSampleMode.Bilinear, GridSamplePaddingMode.Border, align_corners: false);

        // Of the part's middle, where the picture reaches from -1 to 1.
        static Tensor Place(Tensor length, Tensor random) => length.neg().Plus(1.0) * random.Times(2.0).Minus(1.0);
    }

    private static Tensor Grey(Tensor values) => (values * PerChannel(Luma, 1, values)).sum(dim: 1, keepdim: true);

    private static Tensor PerChannel(IReadOnlyList<double> numbers, double scale, Tensor like) =>
        tensor([.. numbers.Select(number => number * scale)], [1, Channels, 1, 1], dtype: like.dtype, device: like.device);
}
