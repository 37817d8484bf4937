using System.Globalization;
using System.Text.Json;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>
/// Encoders in float32 and with bfloat16 products, by turns in one run: processor time of scoring and of a training pass, and how far the features are apart.
/// </summary>
internal sealed class PrecisionBenchmark(int turns, string? json)
{
    private const int Pictures = 8, Side = 224, Texts = 16, Tokens = 128, Vectors = 256, Inputs = 512;

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    /// <summary>One line of the file.</summary>
    /// <param name="Encoder">Encoder and batch.</param>
    /// <param name="Scoring">Milliseconds of a pass in float32.</param>
    /// <param name="ScoringGain">How many times as fast it is in bfloat16.</param>
    /// <param name="Training">Milliseconds of forward and backward in float32.</param>
    /// <param name="TrainingGain">How many times as fast that is.</param>
    /// <param name="LowestCosine">Of any row's features in the two.</param>
    internal sealed record Figure(
        string Encoder, TrainingBenchmark.Range Scoring, TrainingBenchmark.Range ScoringGain, TrainingBenchmark.Range Training,
        TrainingBenchmark.Range TrainingGain, double LowestCosine);

    private static IReadOnlyList<(string Name, Func<EncoderRun> Create)> Cases { get; } =
    [
        ("MLP 512-512-512, 256 rows", () =>
        {
            using var generator = new Generator(1);
            var encoder = new VectorEncoder(new VectorEncoderOptions { HiddenDimensions = [512, 512] }, Inputs, generator);
            var rows = randn([Vectors, Inputs], generator: generator);
            return new EncoderRun(encoder, Vectors, noise => encoder.Encode(new Modalities.VectorBatch(rows), noise), rows);
        }),
        ("ESM-2 35M, 8 chains of 200", () => Esm2(Esm2Size.T12_35M)),
        ("ESM-2 8M, 8 chains of 200", () => Esm2(Esm2Size.T6_8M)),
        ("BERT small, 16 texts of 128", () =>
        {
            using var generator = new Generator(1);
            var model = new BertModule(BertSize.Small, 1000, generator);
            var tokens = randint(0, 1000, [Texts, Tokens], dtype: ScalarType.Int64, generator: generator);
            return new EncoderRun(model, Texts, noise => model.Represent(tokens, null, new BertDropout(noise, 0.1)).mean([1]), tokens);
        }),
        ("ViT-S/16, 8 pictures of 224", () =>
        {
            using var generator = new Generator(1);
            var model = new ViTModule(new ViTOptions { Size = new(16, 12, 384, 6) }, Side, generator);
            return Images(model, generator);
        }),
        ("ResNet-18, 8 pictures of 224", () =>
        {
            using var generator = new Generator(1);
            var model = new ResNetModule(new ResNetOptions { Size = ResNetSize.ResNet18 }, generator);
            return Images(model, generator);
        }),
    ];

    /// <summary>Measures, prints a table and writes the file.</summary>
    public int Run()
    {
        TorchNativeLibrary.EnsureLoaded();
        set_num_threads(1);
        if (BFloat16Products.Missing(CPU) is { } reason)
        {
            Console.WriteLine($"Not run: {reason}");
            return 0;
        }
        var figures = new List<Figure>();
        Console.WriteLine($"{"encoder",-30}{"scoring, ms",-22}{"times as fast",-20}{"training, ms",-22}{"times as fast",-20}lowest cosine");
        foreach (var (name, create) in Cases)
        {
            using var run = create();
            var figure = Measure(name, run);
            figures.Add(figure);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name,-30}{figure.Scoring,-22}{figure.ScoringGain,-20}{figure.Training,-22}{figure.TrainingGain,-20}{figure.LowestCosine:F5}"));
            if (json is not null)
                File.WriteAllText(json, JsonSerializer.Serialize(figures, Json));
        }
        Console.WriteLine($"""

            Processor time on one thread, random weights; float32 and bfloat16 took {turns} turns, median (least-most). Scoring casts weights once, training in
            every pass. Cosine: between a row's features in float32 and in bfloat16.
            """);
        return 0;
    }

    private Figure Measure(string name, EncoderRun run)
    {
        using var kept = WeightCasts.For(EncoderPrecision.BFloat16);
        var cosine = run.LowestCosine(() => WeightCasts.Enter(kept));
        var (scoring, training) = (new List<(double Full, double Half)>(), new List<(double Full, double Half)>());
        for (var turn = -1; turn < turns; turn++)
        {
            var (full, half) = (Time(run.Infer), Time(() =>
            {
                using var stay = WeightCasts.Enter(kept);
                run.Infer();
            }));
            var (fullStep, halfStep) = (Time(run.Train), Time(() =>
            {
                using var casts = WeightCasts.For(EncoderPrecision.BFloat16);
                using var stay = WeightCasts.Enter(casts);
                run.Train();
            }));
            if (turn < 0)
                continue; // compiles, touches memory, casts
            scoring.Add((full, half));
            training.Add((fullStep, halfStep));
        }
        return new Figure(
            name, TrainingBenchmark.Range.Of(scoring.Select(turn => turn.Full)), TrainingBenchmark.Range.Of(scoring.Select(turn => turn.Full / turn.Half)),
            TrainingBenchmark.Range.Of(training.Select(turn => turn.Full)), TrainingBenchmark.Range.Of(training.Select(turn => turn.Full / turn.Half)), cosine);
    }

    private static double Time(Action pass)
    {
        const double shortest = 100; // milliseconds
        var start = Environment.CpuUsage.TotalTime;
        var count = 0;
        double taken;
        do
        {
            pass();
            count++;
            taken = (Environment.CpuUsage.TotalTime - start).TotalMilliseconds;
        }
        while (taken < shortest);
        return taken / count;
    }

    private static EncoderRun Images(ImageNetwork model, Generator generator)
    {
        var pictures = randn([Pictures, 3, Side, Side], generator: generator);
        return new EncoderRun(model, Pictures, noise => model.Features(pictures, noise is not null), pictures);
    }

    private static EncoderRun Esm2(Esm2Size size) => EncoderCase.Esm2(size, [.. Enumerable.Repeat(200, 8)]);
}
