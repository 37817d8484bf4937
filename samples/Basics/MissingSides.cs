using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

namespace Basics;

/// <summary>
/// Null and empty arrays stand for sides that are not there, and some vectors have holes. One step makes of them what ML.NET's other steps and the alignment
/// understand.
/// </summary>
internal static class MissingSides
{
    public static void Example()
    {
        var random = new Random(1);
        var mlContext = new MLContext(seed: 1);
        Patient[] patients = [.. Enumerable.Range(0, 240).Select(i => Patient.Measure(i, random))];
        IDataView data = mlContext.Data.LoadFromEnumerable(patients);

        // Null and empty arrays become NaN in every slot; a single missing slot gets the mean of the rows that have it.
        var pipeline = mlContext.Transforms.MarkMissingModality([new("Blood"), new("Scan")], MissingSlotReplacement.Mean)
            .Append(mlContext.Transforms.NormalizeMeanVariance("Blood"))
            .Append(mlContext.Transforms.GentleClip(
                outputColumnNameA: "BloodEmbedding", inputColumnNameA: "Blood",
                outputColumnNameB: "ScanEmbedding", inputColumnNameB: "Scan"));
        ITransformer model = pipeline.Fit(data);

        // A missing side has a missing embedding: NaN, and never a guess.
        var embedded = mlContext.Data.CreateEnumerable<Embedded>(model.Transform(data), reuseRowObject: false).ToList();
        Count("both sides", row => IsThere(row.BloodEmbedding) && IsThere(row.ScanEmbedding));
        Count("blood only", row => IsThere(row.BloodEmbedding) && !IsThere(row.ScanEmbedding));
        Count("scan only", row => !IsThere(row.BloodEmbedding) && IsThere(row.ScanEmbedding));

        // The hole in a vector that is there did not cost the row its embedding.
        Console.WriteLine($"patient 3, one blood value missing: {(IsThere(embedded[3].BloodEmbedding) ? "embedded" : "left out")}");

        void Count(string what, Func<Embedded, bool> isSo) => Console.WriteLine($"{what}: {embedded.Count(isSo)} of {embedded.Count}");
    }

    private static bool IsThere(float[] embedding) => !embedding.Any(float.IsNaN);

    private sealed class Embedded
    {
        public float[] BloodEmbedding { get; set; } = [];

        public float[] ScanEmbedding { get; set; } = [];
    }

    private sealed class Patient
    {
        [VectorType(12)]
        public float[]? Blood { get; init; }

        [VectorType(18)]
        public float[]? Scan { get; init; }

        public static Patient Measure(int i, Random random)
        {
            double[] state = [random.NextDouble(), random.NextDouble(), random.NextDouble()];
            var (blood, scan) = (View(state, 12, 1, random), View(state, 18, 2, random));
            if (i == 3)
                blood[5] = float.NaN; // a tube that broke
            return new Patient
            {
                Blood = i < 80 || i % 2 == 0 ? blood : null,
                Scan = i < 80 || i % 2 == 1 ? scan : [],
            };
        }

        private static float[] View(double[] state, int width, int shift, Random random) => [.. Enumerable.Range(0, width).Select(k =>
            (float)(Math.Cos(3 * state[k % 3] + k * shift) + 0.1 * random.NextDouble()))];
    }
}

// Expected output:
// both sides: 80 of 240
// blood only: 80 of 240
// scan only: 80 of 240
// patient 3, one blood value missing: embedded
