using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests;

/// <summary>Two noisy linear views of the same latent points in labelled clusters: data on which alignment can be learnt in seconds.</summary>
internal static class TwoViews
{
    public const int DimensionA = 12;
    public const int DimensionB = 9;
    private const int LatentDimension = 4;
    private const int Clusters = 3;

    internal sealed class Row
    {
        [VectorType(DimensionA)]
        public float[]? A { get; set; }

        [VectorType(DimensionB)]
        public float[]? B { get; set; }

        public bool IsPaired { get; set; }

        public uint Cluster { get; set; }

        public string Name { get; set; } = "";
    }

    /// <summary>Rows with both sides, all true partners.</summary>
    public static List<Row> Pairs(int count, int seed)
    {
        // The maps from latent to view are the same for every seed: train and test come from one world.
        var world = new Random(12345);
        var toA = Matrix(world, DimensionA);
        var toB = Matrix(world, DimensionB);
        var centres = Enumerable.Range(0, Clusters).Select(_ => Gaussians(world, LatentDimension, 1.5)).ToArray();
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var cluster = random.Next(Clusters);
            var latent = Gaussians(random, LatentDimension, 1).Zip(centres[cluster], (x, c) => x + c).ToArray();
            return new Row
            {
                A = View(toA, latent, random), B = View(toB, latent, random), IsPaired = true, Cluster = (uint)cluster, Name = $"row {i}",
            };
        })];
    }

    /// <summary>Training rows: some pairs, then rows with A alone and rows with B alone, of different points.</summary>
    public static List<Row> Mixed(int pairs, int unpairedA, int unpairedB, int seed = 1)
    {
        var rows = Pairs(pairs, seed);
        foreach (var row in Pairs(unpairedA, seed + 1000))
        {
            (row.B, row.IsPaired) = (null, false);
            rows.Add(row);
        }
        foreach (var row in Pairs(unpairedB, seed + 2000))
        {
            (row.A, row.IsPaired) = (null, false);
            rows.Add(row);
        }
        return rows;
    }

    /// <summary>Options for a training of seconds, of towers alone.</summary>
    public static GentleClipOptions Options(int steps = 60) => new()
    {
        ModalityA = Modality.Vector("EmbeddingA", "A", new VectorEncoderOptions { HiddenDimensions = [32], Dropout = 0.1, InputNoise = 0.1 }),
        ModalityB = Modality.Vector("EmbeddingB", "B", new VectorEncoderOptions { HiddenDimensions = [32], Dropout = 0.1, InputNoise = 0.1 }),
        EmbeddingDimension = 16,
        Batches = new() { Size = 64 },
        MaximumNumberOfSteps = steps,
        Optimizer = new() { LearningRate = 5e-3 },
        NumberOfThreads = 1,
        ClosedForm = null,
    };

    private static double[][] Matrix(Random random, int rows) => [.. Enumerable.Range(0, rows).Select(_ => Gaussians(random, LatentDimension, 1))];

    private static double[] Gaussians(Random random, int count, double scale) => [.. Enumerable.Range(0, count).Select(_ => scale * Gaussian(random))];

    private static float[] View(double[][] map, double[] latent, Random random) =>
        [.. map.Select(row => (float)(row.Zip(latent, (a, b) => a * b).Sum() + 0.1 * Gaussian(random)))];

    private static double Gaussian(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
