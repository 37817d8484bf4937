using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>Figures of CDConv on made-up chains, one thread, float32; medians over the runs of processor time.</summary>
/// <param name="Chains">Chains of a batch.</param>
/// <param name="Length">Residues of a chain.</param>
/// <param name="EdgesPerResidue">At the first stage.</param>
/// <param name="GraphMilliseconds">Building the graph of a batch, all of it outside libtorch but the copies.</param>
/// <param name="ForwardMilliseconds">Inference, the graph included.</param>
/// <param name="TrainingMilliseconds">Forward and backward, the graph included.</param>
/// <param name="TrainingMegabytes">Peak resident memory of the first forward and backward over that just before it.</param>
internal sealed record CdConvThroughput(
    int Chains, int Length, double EdgesPerResidue, double GraphMilliseconds, double ForwardMilliseconds, double TrainingMilliseconds, double TrainingMegabytes)
{
    private const double StepLength = 3.8, BallPerCubeRoot = 4.2; // angstrom; a walk kept in such a ball has a protein's dozen neighbours

    private static readonly CdConvOptions Options = new() { MaximumLength = int.MaxValue }; // training sees whole chains

    /// <summary>Residues encoded in a second.</summary>
    public double ForwardResiduesPerSecond => 1000.0 * Chains * Length / ForwardMilliseconds;

    /// <summary>Residues trained on in a second, the optimizer's step not counted.</summary>
    public double TrainingResiduesPerSecond => 1000.0 * Chains * Length / TrainingMilliseconds;

    /// <summary>Measures the default network.</summary>
    /// <param name="sizes">Chains of a batch and residues of a chain.</param>
    /// <param name="runs">Of each kind.</param>
    public static IReadOnlyList<CdConvThroughput> Measure(IReadOnlyList<(int Chains, int Length)> sizes, int runs = 7)
    {
        TorchNativeLibrary.EnsureLoaded();
        set_num_threads(1);
        using var generator = new Generator(1);
        using var network = new CdConvNetwork(Options, generator);
        return [.. sizes.Select(size => Measure(network, new NoiseSource(generator), size.Chains, size.Length, runs))];
    }

    private static CdConvThroughput Measure(CdConvNetwork network, NoiseSource noise, int count, int length, int runs)
    {
        using var scope = NewDisposeScope();
        var random = new Random(1);
        CdConvChain[] chains = [.. Enumerable.Range(0, count).Select(_ => Walk(random, length))];
        Train(network, noise, [chains[0]]);
        GC.Collect();
        NativeHeap.Trim();
        var memory = new ResidentMemory();
        Train(network, noise, chains);
        var megabytes = memory.Peak / 1e6;
        var nodes = CdConvNodes.Of(chains);
        return new(
            count, length, (double)CdConvNeighbours.Search(nodes, Options.Radii[0]).Sources.Length / nodes.Count,
            Median(runs, () => CdConvBatch.Build(chains, Options, ScalarType.Float32, CPU)),
            Median(runs, () =>
            {
                using var gradient = no_grad();
                network.Encode(chains, noise: null);
            }),
            Median(runs, () => Train(network, noise, chains)),
            megabytes);
    }

    private static void Train(CdConvNetwork network, NoiseSource noise, IReadOnlyList<CdConvChain> chains)
    {
        using var scope = NewDisposeScope();
        network.zero_grad();
        network.Encode(chains, noise).square().sum().backward();
    }

    private static double Median(int runs, Action action)
    {
        var times = new double[runs];
        for (var i = 0; i < runs; i++)
        {
            using var scope = NewDisposeScope();
            var start = Environment.CpuUsage.TotalTime;
            action();
            times[i] = (Environment.CpuUsage.TotalTime - start).TotalMilliseconds;
        }
        Array.Sort(times);
        return times[runs / 2];
    }

    private static CdConvChain Walk(Random random, int length)
    {
        var (coordinates, residues) = (new float[3 * length], new byte[length]);
        var ball = BallPerCubeRoot * Math.Cbrt(length);
        var (at, step) = (new double[3], new double[3]);
        for (var i = 0; i < length; i++)
        {
            var outside = at.Sum(value => value * value) > ball * ball;
            for (var c = 0; c < 3; c++)
                step[c] = random.NextDouble() - 0.5 + 0.5 * step[c] - (outside ? at[c] / ball : 0);
            var size = Math.Sqrt(step.Sum(value => value * value));
            for (var c = 0; c < 3; c++)
            {
                step[c] /= size;
                coordinates[3 * i + c] = (float)(at[c] += StepLength * step[c]);
            }
            residues[i] = (byte)random.Next(20);
        }
        return new CdConvChain(coordinates, residues);
    }
}
