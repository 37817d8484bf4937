using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// Chains on their way to the network: cropped and moved in training, their graph and its edges laid out. What is random is drawn by whoever starts it, in the
/// order of the calls; the search itself may run on another thread.
/// </summary>
internal sealed class CdConvWork
{
    private readonly CdConvOptions _options;
    private readonly IReadOnlyList<Chain> _chains;
    private readonly float[] _coordinateNoise = [];

    /// <summary>Draws what is random about the chains.</summary>
    /// <param name="chains">One or more.</param>
    /// <param name="options">Radii, kernel size, pooling; crop and noise are read in training only.</param>
    /// <param name="noise">Training: chains are cropped and coordinates get noise. Null in inference.</param>
    public CdConvWork(IReadOnlyList<Chain> chains, CdConvOptions options, NoiseSource? noise)
    {
        (_chains, _options) = (chains, options);
        if (noise is null)
            return;
        _chains = ChainCrop.Crop(chains, options.MaximumLength, noise);
        _coordinateNoise = CoordinateNoise(_chains, options.CoordinateNoise, noise);
    }

    /// <summary>Searches and lays out; needs neither torch nor the thread that made this.</summary>
    public (CdConvGraph Graph, IReadOnlyList<CdConvEdges> Edges) Run()
    {
        var graph = CdConvGraph.Of(_chains, _options, _coordinateNoise);
        var edges = new CdConvEdges[graph.Levels.Count];
        for (var stage = 0; stage < edges.Length; stage++)
            edges[stage] = CdConvEdges.Of(graph.Levels[stage].Nodes, graph.Levels[stage].Neighbours, _options.Radii[stage], _options.SequentialKernelSize);
        return (graph, edges);
    }

    private static float[] CoordinateNoise(IReadOnlyList<Chain> chains, double deviation, NoiseSource noise)
    {
        if (deviation == 0)
            return [];
        using var scope = NewDisposeScope();
        var still = zeros(3L * chains.Sum(chain => chain.Length), dtype: ScalarType.Float32);
        return noise.AddGaussian(still, deviation).data<float>().ToArray();
    }
}
