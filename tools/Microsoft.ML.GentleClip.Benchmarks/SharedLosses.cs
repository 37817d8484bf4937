using System.Globalization;
using Microsoft.ML.GentleClip.Objectives;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>
/// Processor time that the recommended losses take of one of several processes, forward and backward, beside that of a process alone: what the processes do
/// not share shows. There is one process; the others are thought to have sent what it sent itself, at the cost of copying it. Or all of them are there, and
/// what each spends in calls, where a process that waits may spin, is counted apart.
/// </summary>
/// <param name="batches">Rows of a side.</param>
/// <param name="dimension">Numbers of an embedding.</param>
/// <param name="turns">How often each number of processes takes its turn.</param>
/// <param name="joined">The processes that are there; null: this one stands for all.</param>
internal sealed class SharedLosses(IReadOnlyList<int> batches, int dimension, int turns, ProcessGroup? joined = null)
{
    private const int Slices = 4, Warmups = 3;
    private static readonly int[] Sizes = [1, 2, 4];

    public int Run() => joined is null ? Simulate() : Measure(new MeasuredGroup(joined));

    /// <summary>All processes work alone at the same time, then together, by turns: what they cost each other in caches and memory is in both.</summary>
    private int Measure(MeasuredGroup group)
    {
        if (Slices % group.Size != 0)
            throw new ArgumentException($"There are {group.Size} processes; --mpi needs 1, 2 or 4.");
        foreach (var batch in batches)
        {
            using var alone = new TotalLoss(new GentleClipOptions().Objectives, share: new PairShare(Slices, new OneOf(1)));
            using var shared = new TotalLoss(new GentleClipOptions().Objectives, share: new PairShare(Slices, group));
            var input = Input(batch);
            List<double> whole = [], own = [], calls = [];
            for (var turn = -Warmups; turn < turns; turn++)
            {
                group.Barrier("all alone");
                var time = Step(alone, input);
                group.Barrier("all together");
                var before = group.Seconds;
                var together = Step(shared, input);
                var within = 1e3 * (group.Seconds - before);
                if (turn < 0)
                    continue;
                whole.Add(time);
                own.Add(together - within);
                calls.Add(within);
            }
            double[] ratios = [.. own.Zip(whole, (part, time) => part / time)];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rank {group.Rank} of {group.Size}: {batch,5} rows, {Median(whole):F1} ms alone, ")
                + string.Create(CultureInfo.InvariantCulture, $"{Median(own) / Median(whole):F3} of it ({ratios.Min():F3} to {ratios.Max():F3}) together, ")
                + string.Create(CultureInfo.InvariantCulture, $"and {Median(calls):F1} ms in calls"));
        }
        return 0;
    }

    private int Simulate()
    {
        Console.WriteLine($"{"rows",6}{"ms",9}   {string.Join("   ", Sizes[1..].Select(size => $"{$"one of {size}",-24}"))}");
        foreach (var batch in batches)
        {
            var losses = Sizes.Select(size => new TotalLoss(new GentleClipOptions().Objectives, share: new PairShare(Slices, new OneOf(size)))).ToArray();
            var input = Input(batch);
            for (var i = 0; i < Warmups; i++)
                foreach (var loss in losses)
                    Step(loss, input);
            // One after the other, so that a machine that slows down slows all.
            var times = losses.Select(_ => new List<double>()).ToArray();
            for (var turn = 0; turn < turns; turn++)
                for (var i = 0; i < losses.Length; i++)
                    times[i].Add(Step(losses[i], input));
            var alone = Median(times[0]);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{batch,6}{alone,9:F1}   ") + string.Join("   ", times[1..].Select(own =>
            {
                double[] ratios = [.. own.Zip(times[0], (shared, whole) => shared / whole)];
                return string.Create(CultureInfo.InvariantCulture, $"{Median(own) / alone,5:F3} ({ratios.Min():F3} to {ratios.Max():F3})");
            })));
            Array.ForEach(losses, loss => loss.Dispose());
        }
        Console.WriteLine(
            $"ms: processor time of a process alone, median of {turns} turns. Then the ratio of the medians, and the range of the turns' ratios.");
        return 0;
    }

    private static double Step(TotalLoss loss, ObjectiveInput input)
    {
        using var scope = NewDisposeScope();
        var start = Environment.CpuUsage.TotalTime.TotalMilliseconds;
        using var losses = loss.Compute(input);
        losses.Total.backward();
        return Environment.CpuUsage.TotalTime.TotalMilliseconds - start;
    }

    private ObjectiveInput Input(int batch)
    {
        using var generator = new Generator(7);
        Tensor Rows() => nn.functional.normalize(randn([batch, dimension], generator: generator), dim: 1).requires_grad_();
        return new ObjectiveInput
        {
            EmbeddingsA = Rows(),
            EmbeddingsB = Rows(),
            SecondViewsA = Rows(),
            SecondViewsB = Rows(),
            NumberOfPairs = batch / 2,
            LogScale = tensor(2.3f).requires_grad_(),
            Step = 999, // behind all ramps
            NumberOfSteps = 1000,
        };
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>Rank 0 of processes that are not there.</summary>
    private sealed class OneOf(int size) : ProcessGroup
    {
        public override int Rank => 0;

        public override int Size => size;

        public override void AllGather(ReadOnlySpan<byte> own, Span<byte> all, string purpose)
        {
            for (var rank = 0; rank < size; rank++)
                own.CopyTo(all[(rank * own.Length)..]);
        }

        public override void AllToAll(ReadOnlySpan<byte> parts, Span<byte> received, string purpose) => parts.CopyTo(received);

        public override void Broadcast(Span<byte> data, int root, string purpose)
        {
        }

        public override void Barrier(string purpose)
        {
        }

        public override void Abort(string reason) => throw new InvalidOperationException(reason);
    }
}
