using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>Time and memory of fitting the closed form through the estimator, against training towers on the pairs alone.</summary>
internal sealed class AlignmentBenchmark(bool quick, string? json)
{
    private const int Dimension = 256;
    private const int LatentDimension = 12;
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    /// <summary>What one kind of fit took; medians over its runs.</summary>
    private sealed record Figure(string Fit, int Pairs, int UnpairedRows, int Dimension, double Seconds, double ProcessorSeconds, double PeakMegabytes,
        double? SecondsOverClip);

    private sealed class Row
    {
        [VectorType(Dimension)]
        public float[]? A { get; set; }

        [VectorType(Dimension)]
        public float[]? B { get; set; }
    }

    /// <summary>Measures, prints a table and writes the file.</summary>
    public int Run()
    {
        var figures = new List<Figure>();
        Console.WriteLine("fit                     pairs    rows a side  seconds  processor s  peak MB  against Clip");
        Measure(200, 2000, runs: quick ? 1 : 5, [("Clip, 1000 steps", GentleClipOptions.FromPreset(GentleClipPreset.Clip)),
            ("R", Closed(ClosedFormMethod.LinearAndKernel)), ("chosen", Closed(ClosedFormMethod.Chosen)), ("T", Closed(ClosedFormMethod.Transport)),
                ("S behind its gate", Closed(ClosedFormMethod.SelfTraining))]);
        if (!quick)
            Measure(200, 100_000, runs: 1, [("R", Closed(ClosedFormMethod.LinearAndKernel)), ("chosen", Closed(ClosedFormMethod.Chosen)),
                ("S behind its gate", Closed(ClosedFormMethod.SelfTraining))]);
        if (json is not null)
            File.WriteAllText(json, JsonSerializer.Serialize(figures, Json));
        return 0;

        void Measure(int pairs, int unpaired, int runs, (string Name, GentleClipOptions Options)[] fits)
        {
            var mlContext = new MLContext(seed: 1);
            var view = mlContext.Data.LoadFromEnumerable(Rows(pairs, unpaired).ToList());
            var taken = fits.ToDictionary(fit => fit.Name, _ => new List<(double Clock, double Processor, double Peak)>());
            // The kinds take turns, so that a slow phase of the machine slows all of them.
            for (var run = 0; run <= runs; run++)
            {
                foreach (var (name, options) in fits)
                {
                    (options.ModalityA, options.ModalityB, options.NumberOfThreads) = (Modality.Vector("EA", "A"), Modality.Vector("EB", "B"), 1);
                    if (run == 0 && options.ClosedForm is null)
                        options.MaximumNumberOfSteps = 1;
                    else if (options.ClosedForm is null)
                        options.MaximumNumberOfSteps = GentleClipOptions.Defaults.MaximumNumberOfSteps;
                    GC.Collect();
                    var (memory, clock, processor) = (new ResidentMemory(), Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
                    mlContext.Transforms.GentleClip(options).Fit(view).Dispose();
                    if (run > 0 || unpaired > 10_000) // the first loads and compiles
                        taken[name].Add((Stopwatch.GetElapsedTime(clock).TotalSeconds,
                            (Environment.CpuUsage.TotalTime - processor).TotalSeconds, memory.Peak / 1e6));
                }
            }
            var clip = fits[0].Options.ClosedForm is null ? Median(taken[fits[0].Name].Select(run => run.Clock)) : double.NaN;
            foreach (var (name, _) in fits)
            {
                var (clock, processor, peak) = (Median(taken[name].Select(run => run.Clock)), Median(taken[name].Select(run => run.Processor)),
                    taken[name].Max(run => run.Peak));
                figures.Add(new Figure(name, pairs, unpaired, Dimension, clock, processor, peak, double.IsNaN(clip) ? null : clock / clip));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{name,-22}{pairs,7}{unpaired,15:N0}{clock,9:F2}{processor,13:F2}{peak,9:F0}{(double.IsNaN(clip) ? "" : $"{clock / clip:F3}"),14}"));
            }
        }
    }

    private static GentleClipOptions Closed(ClosedFormMethod method)
    {
        var options = GentleClipOptions.FromPreset(GentleClipPreset.ClosedForm);
        options.ClosedForm = options.ClosedForm! with { Method = method };
        return options;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
    }

    // Two noisy linear views of a latent point.
    private static IEnumerable<Row> Rows(int pairs, int unpaired)
    {
        var random = new Random(7);
        var (toA, toB) = (Matrix(), Matrix());
        for (var i = 0; i < pairs + 2 * unpaired; i++)
        {
            var latent = Enumerable.Range(0, LatentDimension).Select(_ => Gaussian()).ToArray();
            yield return new Row
            {
                A = i < pairs + unpaired ? View(toA, latent) : null,
                B = i < pairs || i >= pairs + unpaired ? View(toB, latent) : null,
            };
        }

        double[][] Matrix() => [.. Enumerable.Range(0, Dimension).Select(_ => Enumerable.Range(0, LatentDimension).Select(_ => Gaussian()).ToArray())];
        float[] View(double[][] map, double[] latent) => [.. map.Select(row => (float)(row.Zip(latent, (w, x) => w * x).Sum() + Gaussian()))];
        double Gaussian() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
    }
}
