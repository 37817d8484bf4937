using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.ML.GentleClip.Runtime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>
/// What a training step of each preset costs in processor time and where it goes, beside the bare matrix products of the same shapes and PyTorch. All take
/// turns in one run, so that a slow phase of the machine slows all of them; figures are medians over the turns, ratios medians of each turn's ratio.
/// </summary>
internal sealed class TrainingBenchmark(
    IReadOnlyList<GentleClipPreset> presets, IReadOnlyList<int> batches, int turns, string python, string? json)
{
    private const double ShortestTurn = 150; // milliseconds; quicker steps are taken several at a time
    private const int MostSteps = 50;

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    /// <summary>The presets that train towers.</summary>
    public static IReadOnlyList<GentleClipPreset> All { get; } = [.. Enum.GetValues<GentleClipPreset>().Where(preset => preset != GentleClipPreset.ClosedForm)];

    public static IReadOnlyList<int> Batches { get; } = [64, 256, 1024, 4096];

    /// <summary>A median with the least and the most of the turns.</summary>
    internal sealed record Range(double Median, double Least, double Most)
    {
        public static Range Of(IEnumerable<double> values)
        {
            var sorted = values.Order().ToArray();
            return new((sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2, sorted[0], sorted[^1]);
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Format(Median)} ({Format(Least)}-{Format(Most)})");

        private static string Format(double value) => value.ToString(value < 10 ? "0.00" : value < 100 ? "0.0" : "0", CultureInfo.InvariantCulture);
    }

    /// <summary>One line of the file.</summary>
    /// <param name="Preset">The preset; without its closed form.</param>
    /// <param name="Batch">Rows of a side in a batch.</param>
    /// <param name="EncodedRows">Rows through a tower in a step.</param>
    /// <param name="Milliseconds">Of a step.</param>
    /// <param name="Gather">Taking the batch's rows together.</param>
    /// <param name="Encode">The towers' forward pass.</param>
    /// <param name="Loss">The objectives' forward pass.</param>
    /// <param name="Backward">The backward pass of both.</param>
    /// <param name="Optimizer">Clipping and AdamW.</param>
    /// <param name="Products">The bare matrix products.</param>
    /// <param name="OverProducts">How many times those a step is.</param>
    /// <param name="OverClip">How many times a step of Clip with as many rows it is; null where Clip was not run.</param>
    /// <param name="PyTorch">A step of PyTorch; null where it was not run, and for other presets than Clip.</param>
    internal sealed record Figure(string Preset, int Batch, int EncodedRows, Range Milliseconds, double Gather, double Encode, double Loss, double Backward,
        double Optimizer, double Products, Range OverProducts, Range? OverClip, Range? PyTorch);

    /// <summary>Measures, prints a table and writes the file.</summary>
    public int Run()
    {
        TorchNativeLibrary.EnsureLoaded();
        torch.set_num_threads(1);
        var figures = new List<Figure>();
        Write();
        Console.WriteLine(
            $"{"preset",-18}{"batch",6}{"rows",7}  {"ms a step",-22}{"gather",8}{"encode",8}{"loss",8}{"backward",9}{"optimizer",10}{"products",9}  "
            + $"{"x products",-18}x Clip");
        var clock = Stopwatch.StartNew();
        var processor = Environment.CpuUsage.TotalTime;
        foreach (var batch in batches)
        {
            foreach (var figure in Measure(batch))
            {
                figures.Add(figure);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{figure.Preset,-18}{batch,6}{figure.EncodedRows,7}  {figure.Milliseconds,-22}{figure.Gather,8:F2}{figure.Encode,8:F2}{figure.Loss,8:F2}"
                    + $"{figure.Backward,9:F2}{figure.Optimizer,10:F2}{figure.Products,9:F2}  {figure.OverProducts,-18}{figure.OverClip}"));
                if (figure.PyTorch is { } peer)
                    Console.WriteLine($"  PyTorch{batch,16}{"",9}{peer}");
            }
            Write();
        }
        Console.WriteLine($"""

            Milliseconds of processor time on one thread, median (least-most) of {turns} turns. rows: through a tower in a step, second views included. Clip has
            all rows in pairs, what looks at unpaired samples half of them. products: the matrix products of towers and losses alone.
            By the clock, the run took {(clock.Elapsed / (Environment.CpuUsage.TotalTime - processor)).ToString("F2", CultureInfo.InvariantCulture)} times its
            processor time (1 on an idle machine).
            """);
        return 0;

        void Write()
        {
            if (json is not null)
                File.WriteAllText(json, JsonSerializer.Serialize(figures, Json));
        }
    }

    private List<Figure> Measure(int batch)
    {
        var cases = new List<TrainingSteps>();
        TrainingPeer? peer = null;
        try
        {
            cases.AddRange(presets.Select(preset => new TrainingSteps(preset, batch)));
            if (presets.Contains(GentleClipPreset.Clip) && (peer = TrainingPeer.Start(python, batch, out var why)) is null)
                Console.WriteLine($"  PyTorch at {batch}: not run, {why}");
            // The first turn compiles and touches memory; it also says how many steps a turn takes.
            var steps = cases.Select(one =>
            {
                one.Run(1);
                return (int)Math.Clamp(ShortestTurn / one.Run(1).Step, 1, MostSteps);
            }).ToArray();
            peer?.Run(1);
            foreach (var (one, count) in cases.Zip(steps))
            {
                one.Run(count);
                one.RunProducts(1);
            }
            var taken = cases.Select(_ => new List<(TrainingPhases Phases, double Products)>()).ToArray();
            var peers = new List<double>();
            for (var turn = 0; turn < turns; turn++)
            {
                for (var i = 0; i < cases.Count; i++)
                {
                    taken[i].Add((cases[i].Run(steps[i]), cases[i].RunProducts(steps[i])));
                    if (cases[i].Preset == GentleClipPreset.Clip && peer is not null)
                        peers.Add(peer.Run(steps[i]));
                }
            }
            var clip = cases.FindIndex(one => one.Preset == GentleClipPreset.Clip);
            return [.. cases.Select((one, i) => new Figure(
                one.Preset.ToString(), batch, one.EncodedRows, Range.Of(taken[i].Select(turn => turn.Phases.Step)), Median(i, phases => phases.Gather),
                Median(i, phases => phases.Encode), Median(i, phases => phases.Loss), Median(i, phases => phases.Backward),
                Median(i, phases => phases.Optimizer), Range.Of(taken[i].Select(turn => turn.Products)).Median,
                Range.Of(taken[i].Select(turn => turn.Phases.Step / turn.Products)),
                clip < 0 ? null : Range.Of(taken[i].Zip(taken[clip], (own, other) => own.Phases.Step / other.Phases.Step)),
                i == clip && peers.Count > 0 ? Range.Of(peers) : null))];

            double Median(int i, Func<TrainingPhases, double> of) => Range.Of(taken[i].Select(turn => of(turn.Phases))).Median;
        }
        finally
        {
            peer?.Dispose();
            foreach (var one in cases)
                one.Dispose();
        }
    }
}
