using System.Globalization;
using Microsoft.ML.GentleClip;

namespace FineTuningStart;

/// <summary>Encoders from random weights and pretrained on pairs of views; few labels; frozen, and fine-tuned from either beginning of the head.</summary>
internal sealed class Study(Digits digits, TextWriter output, CancellationToken cancellation)
{
    private static readonly int[] LabelCounts = [100, 500], StepCounts = [100, 500];
    private static readonly double[] Regularizations = [0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4];

    private static readonly (double Head, double Encoder)[] Rates = [(1e-3, 1e-4), (1e-3, 1e-3), (3e-3, 3e-4), (3e-3, 1e-3), (1e-2, 1e-3)];

    private static readonly (string A, string B) Tuning = ("fou76", "zer47");
    private static readonly (string A, string B)[] Judged = [("fac216", "kar64"), ("pix240", "mor6")];

    /// <summary>The tables: mean and standard deviation over seeds.</summary>
    public void Compare(int seeds)
    {
        Way[] ways =
        [
            new(HeadInitialization.LinearProbe, IsFrozen: true, 1),
            .. from steps in StepCounts from head in Enum.GetValues<HeadInitialization>() select new Way(head, IsFrozen: false, steps),
        ];
        output.WriteLine($"| views | sides | encoders | labels | {string.Join(" | ", (object[])ways)} |");
        output.WriteLine($"|{string.Concat(Enumerable.Repeat("---|", 4 + ways.Length))}");
        Side?[] sides = [Side.A, null];
        foreach (var views in Judged)
            foreach (int labels in LabelCounts)
                foreach (bool isPretrained in new[] { true, false })
                {
                    var figures = Enumerable.Range(1, seeds).Select(seed =>
                    {
                        using var world = new World(digits, views, seed, labels, isPretrained, cancellation);
                        return Array.ConvertAll(sides, side => Array.ConvertAll(ways, way => world.Accuracy(way, side)));
                    }).ToArray();
                    foreach (var (number, side) in sides.Index())
                    {
                        string row = $"{views.A}, {views.B} | {(side is null ? "both" : "the first")} | {(isPretrained ? "Clip" : "random")} | {labels}";
                        output.WriteLine($"| {row} | {string.Join(" | ", ways.Select((_, i) => Summary([.. figures.Select(seed => seed[number][i])])))} |");
                    }
                }
    }

    /// <summary>Regularisations with frozen encoders, then rates from the solved head.</summary>
    public void Tune()
    {
        foreach (int labels in LabelCounts)
            foreach (bool isPretrained in new[] { false, true })
            {
                using var world = new World(digits, Tuning, 11, labels, isPretrained, cancellation);
                foreach (double weight in Regularizations)
                    Tell($"regularisation {weight}, frozen", new Way(HeadInitialization.LinearProbe, true, 1) { Regularization = weight });
                foreach (double weight in Regularizations[1..5])
                    Tell($"regularisation {weight}, 100 steps", new Way(HeadInitialization.LinearProbe, false, 100) { Regularization = weight });
                foreach (var (rate, encoder) in Rates)
                    foreach (var head in Enum.GetValues<HeadInitialization>())
                        Tell($"{head}, rate {rate}, encoders {encoder}, 100 steps", new Way(head, false, 100) { Rate = rate, EncoderRate = encoder });

                void Tell(string name, Way way) => output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{labels} labels, {(isPretrained ? "Clip" : "random")}: {name}: {100 * world.Accuracy(way, null):0.0} %"));
            }
    }

    private static string Summary(double[] shares)
    {
        double mean = shares.Average(), deviation = Math.Sqrt(shares.Sum(share => Math.Pow(share - mean, 2)) / Math.Max(1, shares.Length - 1));
        return string.Create(CultureInfo.InvariantCulture, $"{100 * mean:0.0} ± {100 * deviation:0.0}");
    }
}
