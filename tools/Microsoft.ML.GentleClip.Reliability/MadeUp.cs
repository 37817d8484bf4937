using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>Made-up rows: pairs, then rows with A alone, then rows with B alone.</summary>
internal static class MadeUp
{
    public const int DimensionA = 12, DimensionB = 9;
    private const int PictureSize = 20;
    private const string AminoAcids = "ACDEFGHIKLMNPQRSTVWY";

    internal sealed class VectorRow
    {
        [VectorType(DimensionA)]
        public float[]? A { get; set; }

        [VectorType(DimensionB)]
        public float[]? B { get; set; }

        public bool IsPaired { get; set; }
    }

    internal sealed class ChainRow
    {
        public string? Sequence { get; set; }

        public float[]? AlphaCarbons { get; set; }

        public bool IsPaired { get; set; }
    }

    internal sealed class PictureRow
    {
        [ImageType(PictureSize, PictureSize)]
        public MLImage? Image { get; set; }

        public string? Text { get; set; }
    }

    /// <summary>Two noisy linear views of the same points.</summary>
    public static IEnumerable<VectorRow> Vectors(int pairs, int onlyA, int onlyB)
    {
        var random = new Random(11);
        var mixes = Enumerable.Range(0, DimensionA + DimensionB).Select(_ => Numbers(random, 4)).ToArray();
        for (var i = 0; i < pairs + onlyA + onlyB; i++)
        {
            var point = Numbers(random, 4);
            var views = mixes.Select(mix => (float)(mix.Zip(point, (x, y) => x * y).Sum() + 0.1 * random.NextDouble())).ToArray();
            yield return new VectorRow
            {
                A = i < pairs + onlyA ? views[..DimensionA] : null,
                B = i < pairs || i >= pairs + onlyA ? views[DimensionA..] : null,
                IsPaired = i < pairs,
            };
        }
    }

    /// <summary>Random sequences, and chains of steps of 3.8 ångström.</summary>
    public static IEnumerable<ChainRow> Chains(int pairs, int onlyA, int onlyB)
    {
        var random = new Random(12);
        for (var i = 0; i < pairs + onlyA + onlyB; i++)
        {
            var length = random.Next(12, 24);
            var sequence = string.Concat(Enumerable.Range(0, length).Select(_ => AminoAcids[random.Next(AminoAcids.Length)]));
            var positions = new float[3 * length];
            for (var residue = 1; residue < length; residue++)
            {
                var step = Numbers(random, 3);
                var scale = 3.8 / Math.Sqrt(step.Sum(x => x * x));
                for (var axis = 0; axis < 3; axis++)
                    positions[3 * residue + axis] = positions[3 * residue - 3 + axis] + (float)(scale * step[axis]);
            }
            yield return new ChainRow
            {
                Sequence = i < pairs + onlyA ? sequence : null,
                AlphaCarbons = i < pairs || i >= pairs + onlyA ? positions : null,
                IsPaired = i < pairs,
            };
        }
    }

    /// <summary>Pictures of a colour, and what is said of them.</summary>
    public static IEnumerable<PictureRow> Pictures(int pairs, int onlyA, int onlyB)
    {
        string[] colours = ["black", "red", "green", "yellow", "blue", "purple", "cyan", "white"], things = ["wall", "door", "sheet"];
        var random = new Random(13);
        for (var i = 0; i < pairs + onlyA + onlyB; i++)
        {
            var colour = random.Next(colours.Length);
            var pixels = new byte[4 * PictureSize * PictureSize];
            for (var at = 0; at < pixels.Length; at++)
                pixels[at] = (byte)(at % 4 == 3 ? 255 : Math.Clamp((colour >> (2 - at % 4) & 1) * 200 + random.Next(50), 0, 255));
            yield return new PictureRow
            {
                Image = i < pairs + onlyA ? MLImage.CreateFromPixels(PictureSize, PictureSize, MLPixelFormat.Bgra32, pixels) : null,
                Text = i < pairs || i >= pairs + onlyA ? $"A {colours[colour]} {things[random.Next(things.Length)]}, number {random.Next(30)}." : null,
            };
        }
    }

    private static double[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextDouble() - 1 + 1e-3)];
}
