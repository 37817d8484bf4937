using Microsoft.ML.GentleClip.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>One small network for each offset along the sequence, from an edge's seven features to its kernel weights.</summary>
internal sealed class CdConvWeightNet : nn.Module
{
    /// <summary>Of the activation below 0.</summary>
    public const double Slope = 0.2;

    private readonly ParameterList Ws;
    private readonly ParameterList bs;

    /// <summary>Creates the networks; their initial spread is the public code's.</summary>
    public CdConvWeightNet(int offsets, IReadOnlyList<int> widths, Generator generator) : base(nameof(CdConvWeightNet))
    {
        using var scope = NewDisposeScope();
        Ws = new ParameterList();
        bs = new ParameterList();
        var inputs = CdConvEdges.FeatureCount;
        foreach (var outputs in widths)
        {
            Ws.Add(Owned.Parameter(Owned.Uniform(1 / Math.Sqrt((double)inputs * outputs), generator, offsets, inputs, outputs)));
            bs.Add(Owned.Parameter(zeros(offsets, outputs, dtype: ScalarType.Float32)));
            inputs = outputs;
        }
        RegisterComponents();
    }

    /// <summary>Kernel weights, <c>[edges, kernel]</c>.</summary>
    /// <param name="features"><c>[edges, 7]</c>, in runs of one offset.</param>
    /// <param name="edgesOfOffset">Length of each run.</param>
    public Tensor Weigh(Tensor features, IReadOnlyList<long> edgesOfOffset)
    {
        // unbind and not select: its backward pass stacks once.
        var layers = Enumerable.Range(0, Ws.Count).Select(m => (Weights: Ws[m].unbind(0), Biases: bs[m].unbind(0))).ToArray();
        var runs = new List<Tensor>(edgesOfOffset.Count);
        var start = 0L;
        for (var k = 0; k < edgesOfOffset.Count; k++)
        {
            if (edgesOfOffset[k] == 0)
                continue;
            var run = features.narrow(0, start, edgesOfOffset[k]);
            foreach (var (weights, biases) in layers)
                run = addmm(biases[k], run, weights[k], 1, 1).leaky_relu(Scalars.Of(Slope));
            runs.Add(run);
            start += edgesOfOffset[k];
        }
        return cat(runs, 0);
    }

    /// <summary>Number of weights of such networks.</summary>
    public static long CountWeights(int offsets, IReadOnlyList<int> widths)
    {
        var (count, inputs) = (0L, CdConvEdges.FeatureCount);
        foreach (var outputs in widths)
        {
            count += (inputs + 1L) * outputs * offsets;
            inputs = outputs;
        }
        return count;
    }
}
