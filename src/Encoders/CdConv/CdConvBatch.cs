using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// Chains as one graph without edges between them: everything that depends on coordinates alone, computed on the CPU once a batch,
/// for all stages, and moved to the model's device. The tensors belong to the dispose scope it was built in.
/// </summary>
internal sealed class CdConvBatch
{
    private CdConvBatch(Tensor input, IReadOnlyList<CdConvStage> stages, CdConvMean readout) => (Input, Stages, Readout) = (input, stages, readout);

    /// <summary>Residue codes, <c>[residues]</c>, int64; with the structure input instead equation 12's vectors, <c>[residues, 6]</c>.</summary>
    public Tensor Input { get; }

    /// <summary>Edges and pooling of each stage.</summary>
    public IReadOnlyList<CdConvStage> Stages { get; }

    /// <summary>Mean over the last stage's nodes of each chain.</summary>
    public CdConvMean Readout { get; }

    /// <summary>Builds the graph.</summary>
    /// <param name="chains">One or more.</param>
    /// <param name="options">Radii, kernel size, input, reading; crop and noise are read in training only.</param>
    /// <param name="type">Of the model's weights.</param>
    /// <param name="device">Of the model's weights.</param>
    /// <param name="noise">Training: chains are cropped and coordinates get noise. Null in inference.</param>
    public static CdConvBatch Build(IReadOnlyList<Chain> chains, CdConvOptions options, ScalarType type, Device device, NoiseSource? noise = null)
    {
        if (chains.Count == 0)
            throw new ArgumentException("A batch has one chain or more.", nameof(chains));
        var coordinateNoise = ReadOnlySpan<float>.Empty;
        if (noise is not null)
        {
            chains = ChainCrop.Crop(chains, options.MaximumLength, noise);
            coordinateNoise = CoordinateNoise(chains, options.CoordinateNoise, noise);
        }
        var nodes = CdConvNodes.Of(chains, coordinateNoise);
        var input = options.UseStructureInput ? tensor(nodes.StructureInput(), [nodes.Count, 6]).to(type, device) : tensor(Codes(chains, nodes.Count)).to(device);
        var stages = new List<CdConvStage>();
        foreach (var radius in options.Radii)
        {
            var edges = CdConvEdges.Of(nodes, CdConvNeighbours.Search(nodes, radius), radius, options.SequentialKernelSize);
            CdConvMean? pooling = null;
            if (stages.Count + 1 < options.Radii.Count)
            {
                (nodes, var group) = nodes.Pool(options.Reading);
                pooling = new CdConvMean(group, nodes.Count, type, device);
            }
            stages.Add(new CdConvStage(edges, pooling, type, device));
        }
        return new CdConvBatch(input, stages, new CdConvMean(Array.ConvertAll(nodes.Chain, chain => (long)chain), chains.Count, type, device));
    }

    /// <summary>Residue codes of all chains, one after the other.</summary>
    public static long[] Codes(IReadOnlyList<Chain> chains, int count)
    {
        var codes = new long[count];
        Array.Fill(codes, Chain.ResidueOrder.Length - 1);
        var start = 0;
        foreach (var chain in chains)
        {
            for (var i = 0; chain.Residues is { } residues && i < chain.Length; i++)
                codes[start + i] = residues.Span[i];
            start += chain.Length;
        }
        return codes;
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
