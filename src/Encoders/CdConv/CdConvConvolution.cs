using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// The convolution: node i sums over its neighbours j the outer product of the edge's kernel weights and j's features, then maps the sum
/// linearly. No bias, no activation.
/// </summary>
internal sealed class CdConvConvolution : nn.Module
{
    private readonly CdConvWeightNet WeightNet;
    private readonly Parameter W;

    /// <summary>Creates the layer; its initial spread is the public code's, which reckons with the number of outputs.</summary>
    public CdConvConvolution(long inputs, long outputs, int offsets, IReadOnlyList<int> kernelChannels, Generator generator) : base(nameof(CdConvConvolution))
    {
        using var scope = NewDisposeScope();
        WeightNet = new CdConvWeightNet(offsets, kernelChannels, generator);
        W = Owned.Parameter(Owned.Uniform(1 / Math.Sqrt(outputs), generator, kernelChannels[^1] * inputs, outputs));
        RegisterComponents();
    }

    /// <summary>Features <c>[nodes, outputs]</c> of <c>[nodes, inputs]</c>.</summary>
    public Tensor Convolve(Tensor x, CdConvStage stage)
    {
        using var scope = NewDisposeScope();
        var kernel = WeightNet.Weigh(stage.Features, stage.EdgesOfOffset) * stage.Smoothing;
        var slots = stage.SourceOfSlot.size(0);
        // Empty slots keep weight 0. Outer products of edges are never stored, only a node's sum.
        var weights = zeros([slots, kernel.size(1)], kernel.dtype, kernel.device).index_copy(0, stage.SlotOfEdge, kernel);
        var sources = x.index_select(0, stage.SourceOfSlot);
        var rows = new List<Tensor>(stage.Buckets.Count);
        var start = 0L;
        foreach (var (nodes, capacity) in stage.Buckets)
        {
            var own = weights.narrow(0, start, (long)nodes * capacity).view(nodes, capacity, -1).transpose(1, 2);
            var sums = own.bmm(sources.narrow(0, start, (long)nodes * capacity).view(nodes, capacity, -1));
            rows.Add(sums.view(nodes, -1).mm(W));
            start += (long)nodes * capacity;
        }
        return cat(rows, 0).index_select(0, stage.RowOfNode).MoveToOuterDisposeScope();
    }

    /// <summary>Number of weights of such a layer.</summary>
    public static long CountWeights(long inputs, long outputs, int offsets, IReadOnlyList<int> kernelChannels) =>
        kernelChannels[^1] * inputs * outputs + CdConvWeightNet.CountWeights(offsets, kernelChannels);
}
