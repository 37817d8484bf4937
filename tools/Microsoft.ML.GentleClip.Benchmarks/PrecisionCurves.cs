using System.Globalization;
using System.IO.Compression;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>
/// Whole trainings in float32 and with bfloat16 products: their losses, and how well held-out rows find their partners. Float32 with another seed shows what
/// chance does.
/// </summary>
/// <param name="digits">Folder of the tables coefficients.csv and profiles.csv; null: not these.</param>
/// <param name="chains">The gzipped table of chains; null: not these.</param>
/// <param name="seeds">Seeds of weights, batches and pairs.</param>
internal sealed class PrecisionCurves(string? digits, string? chains, int seeds)
{
    private const string A = "EmbeddingA", B = "EmbeddingB";

    private sealed record Trained(double[] Losses, double Recall);

    public int Run()
    {
        if (digits is not null)
            Compare("digits, MLPs", Digits(digits).ToArray(), steps: 300);
        if (chains is not null)
            Compare("chains, ESM-2 of 4 layers and an MLP", Chains(chains).ToArray(), steps: 120);
        return 0;
    }

    private void Compare<TRow>(string name, TRow[] all, int steps)
        where TRow : class, ITwoViews<TRow>
    {
        List<double> apart = [], chance = [], last = [];
        List<(double Single, double BFloat)> recalls = [];
        for (var seed = 1; seed <= seeds; seed++)
        {
            var single = Train(all, seed, seed, EncoderPrecision.Float32, steps);
            var half = Train(all, seed, seed, EncoderPrecision.BFloat16, steps);
            var other = Train(all, seed, seed + 100, EncoderPrecision.Float32, steps);
            var differences = single.Losses.Zip(half.Losses, (a, b) => Math.Abs(b - a) / a).ToArray();
            apart.Add(differences.Max());
            last.Add(half.Losses[^1] / single.Losses[^1] - 1);
            chance.Add(single.Losses.Zip(other.Losses, (a, b) => Math.Abs(b - a) / a).Max());
            recalls.Add((single.Recall, half.Recall));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}, seed {seed}: loss {single.Losses[0]:F3} to {single.Losses[^1]:F3}, ")
                + string.Create(CultureInfo.InvariantCulture, $"with bfloat16 to {half.Losses[^1]:F3}, at most {100 * apart[^1]:F2} % apart on the way ")
                + string.Create(CultureInfo.InvariantCulture, $"(another seed of the training {100 * chance[^1]:F1} %); recall@10 {single.Recall:F1}, ")
                + string.Create(CultureInfo.InvariantCulture, $"with bfloat16 {half.Recall:F1}, another seed {other.Recall:F1}"));
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name}: recall@10 {Spread(recalls.Select(pair => pair.Single))} in float32, {Spread(recalls.Select(pair => pair.BFloat))} with bfloat16, ")
            + $"difference {Spread(recalls.Select(pair => pair.BFloat - pair.Single))}; last loss {Spread(last.Select(part => 100 * part))} % higher; "
            + $"curves at most {Spread(apart.Select(part => 100 * part))} % apart, those of two seeds {Spread(chance.Select(part => 100 * part))} %");
    }

    private static Trained Train<TRow>(TRow[] all, int split, int seed, EncoderPrecision precision, int steps)
        where TRow : class, ITwoViews<TRow>
    {
        var rows = all.ToArray();
        new Random(split).Shuffle(rows);
        var (test, training) = (rows[..400], rows[400..1200]);
        var mlContext = new MLContext(seed: 1);
        var view = mlContext.Data.LoadFromEnumerable(training.Select((row, i) => i < 200 ? row : i % 2 == 0 ? row.OnlyA() : row.OnlyB()));
        var options = new GentleClipOptions
        {
            ModalityA = TRow.ModalityA,
            ModalityB = TRow.ModalityB,
            ClosedForm = null,
            MaximumNumberOfSteps = steps,
            Batches = new() { Size = 64 },
            Precision = precision,
            Seed = seed,
            NumberOfThreads = 1,
        };
        using var model = mlContext.Transforms.GentleClip(options).Fit(view);
        var metrics = mlContext.GentleClip().EvaluateRetrieval(model.Transform(mlContext.Data.LoadFromEnumerable(test)), A, B);
        return new([.. model.History.Select(epoch => epoch.Losses["total"])], 100 * (metrics.AToB.RecallAt(10) + metrics.BToA.RecallAt(10)) / 2);
    }

    private static string Spread(IEnumerable<double> values)
    {
        double[] all = [.. values];
        var mean = all.Average();
        return string.Create(CultureInfo.InvariantCulture, $"{mean:F2} ± {Math.Sqrt(all.Sum(value => (value - mean) * (value - mean)) / (all.Length - 1)):F2}");
    }

    private static IEnumerable<DigitRow> Digits(string folder)
    {
        float[][] Table(string file, int skipped) =>
        [
            .. File.ReadLines(Path.Combine(folder, file)).Skip(1)
                .Select(line => line.Split(',').Skip(skipped).Select(cell => float.Parse(cell, CultureInfo.InvariantCulture)).ToArray()),
        ];
        return Table("coefficients.csv", 2).Zip(Table("profiles.csv", 1), (a, b) => new DigitRow { A = a, B = b });
    }

    // Secondary structure, by the shares of its letters and of their neighbours: a second view of a chain that needs no encoder.
    private static IEnumerable<ChainRow> Chains(string file)
    {
        const string Letters = "HBEGITSC";
        using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
                continue;
            var (sequence, states) = (line.Split('\t')[5], line.Split('\t')[6]);
            var shares = new float[Letters.Length * (Letters.Length + 1)];
            for (var i = 0; i < states.Length; i++)
            {
                var letter = Math.Max(0, Letters.IndexOf(states[i], StringComparison.Ordinal));
                shares[letter] += 1f / states.Length;
                if (i > 0)
                    shares[Letters.Length * (1 + letter) + Math.Max(0, Letters.IndexOf(states[i - 1], StringComparison.Ordinal))] += 1f / states.Length;
            }
            yield return new ChainRow { A = sequence, B = shares };
        }
    }

    private interface ITwoViews<TSelf>
    {
        static abstract Modality ModalityA { get; }

        static abstract Modality ModalityB { get; }

        TSelf OnlyA();

        TSelf OnlyB();
    }

    private sealed class DigitRow : ITwoViews<DigitRow>
    {
        [VectorType(64)]
        public float[]? A { get; set; }

        [VectorType(216)]
        public float[]? B { get; set; }

        public static Modality ModalityA => Modality.Vector(PrecisionCurves.A, nameof(A));

        public static Modality ModalityB => Modality.Vector(PrecisionCurves.B, nameof(B));

        public DigitRow OnlyA() => new() { A = A };

        public DigitRow OnlyB() => new() { B = B };
    }

    private sealed class ChainRow : ITwoViews<ChainRow>
    {
        public string? A { get; set; }

        [VectorType(72)]
        public float[]? B { get; set; }

        public static Modality ModalityA { get; } =
            Modality.ProteinSequence(PrecisionCurves.A, nameof(A), new Esm2Options { Size = new Esm2Size(4, 128, 4), MaximumLength = 128 });

        public static Modality ModalityB => Modality.Vector(PrecisionCurves.B, nameof(B));

        public ChainRow OnlyA() => new() { A = A };

        public ChainRow OnlyB() => new() { B = B };
    }
}
