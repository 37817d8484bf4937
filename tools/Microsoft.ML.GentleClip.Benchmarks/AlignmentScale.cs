using System.Globalization;
using System.Text.Json;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>Time and peak memory of the default closed form as rows and columns grow, on one thread, each fit in a process of its own.</summary>
internal sealed class AlignmentScale(int runs, string? json)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    private static readonly AlignmentSize[] Sizes =
    [
        new(200, 2_000, 64), new(200, 2_000, 256), new(200, 2_000, 2_000),
        new(200, 20_000, 64), new(200, 20_000, 256), new(200, 20_000, 2_000),
        new(200, 30_000, 2_000), new(200, 30_000, 20_000, Share: 0.02),
        new(200, 200_000, 64), new(1_000, 200_000, 64), new(200, 200_000, 256), new(200, 200_000, 2_000),
    ];

    private sealed record Figure(int Pairs, int Rows, int Dimension, double Share, double FeatureMegabytes, double Seconds, double Least, double Most,
        double ProcessorSeconds, double PeakMegabytes);

    public int Run()
    {
        var figures = new List<Figure>();
        Console.WriteLine("pairs   rows a side  columns  stored   features MB   seconds (least to most)   processor s   peak MB");
        foreach (var size in Sizes)
        {
            var taken = Enumerable.Range(0, runs).Select(_ => ChildProcess.Measure(size)).OrderBy(run => run.Seconds).ToArray();
            var median = taken[taken.Length / 2];
            var features = 2.0 * (size.Pairs + size.Rows) * size.Dimension * sizeof(float) / 1e6; // as dense float32
            var figure = new Figure(size.Pairs, size.Rows, size.Dimension, size.Share, features, median.Seconds, taken[0].Seconds, taken[^1].Seconds,
                median.ProcessorSeconds, taken.Max(run => run.PeakMegabytes));
            figures.Add(figure);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{size.Pairs,5:N0}{size.Rows,14:N0}{size.Dimension,9:N0}{size.Share,8:P0}{features,14:N0}{figure.Seconds,10:F1} ({figure.Least:F1} to "
                    + $"{figure.Most:F1}){figure.ProcessorSeconds,14:F1}{figure.PeakMegabytes,10:N0}"));
        }
        if (json is not null)
            File.WriteAllText(json, JsonSerializer.Serialize(figures, Json));
        return 0;
    }
}
