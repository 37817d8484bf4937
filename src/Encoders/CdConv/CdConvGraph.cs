using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// Chains as one graph without edges between them: all that depends on coordinates and residue types, at every stage, in C# arrays and without torch.
/// The network's tensors (<see cref="CdConvBatch"/>) and the inputs of an exported graph (<see cref="StructurePreparation"/>) are two layouts of it.
/// </summary>
internal sealed class CdConvGraph
{
    private CdConvGraph(IReadOnlyList<Chain> chains, IReadOnlyList<CdConvLevel> levels) => (Chains, Levels) = (chains, levels);

    /// <summary>The chains.</summary>
    public IReadOnlyList<Chain> Chains { get; }

    /// <summary>The stages, residues first.</summary>
    public IReadOnlyList<CdConvLevel> Levels { get; }

    /// <summary>Residues of all chains.</summary>
    public CdConvNodes Residues => Levels[0].Nodes;

    /// <summary>The chain of each node of the last stage.</summary>
    public long[] ChainOfNode => Array.ConvertAll(Levels[^1].Nodes.Chain, chain => (long)chain);

    /// <summary>Searches the neighbours and pools the nodes, stage by stage.</summary>
    /// <param name="chains">One or more.</param>
    /// <param name="options">Radii and pooling.</param>
    /// <param name="coordinateNoise">Added to the coordinates, <c>[residues * 3]</c>; empty for none.</param>
    public static CdConvGraph Of(IReadOnlyList<Chain> chains, CdConvOptions options, ReadOnlySpan<float> coordinateNoise = default)
    {
        if (chains.Count == 0)
            throw new ArgumentException("A batch has one chain or more.", nameof(chains));
        var nodes = CdConvNodes.Of(chains, coordinateNoise);
        var levels = new List<CdConvLevel>(options.Radii.Count);
        foreach (var radius in options.Radii)
        {
            var (own, neighbours) = (nodes, CdConvNeighbours.Search(nodes, radius));
            long[]? groups = null;
            if (levels.Count + 1 < options.Radii.Count)
                (nodes, groups) = nodes.Pool(options.Pooling);
            levels.Add(new CdConvLevel(own, neighbours, groups));
        }
        return new CdConvGraph(chains, levels);
    }

    /// <summary>Residue codes of all chains, one after the other.</summary>
    public long[] Codes()
    {
        var codes = new long[Residues.Count];
        Array.Fill(codes, Chain.ResidueOrder.Length - 1);
        var start = 0;
        foreach (var chain in Chains)
        {
            for (var i = 0; chain.Residues is { } residues && i < chain.Length; i++)
                codes[start + i] = residues.Span[i];
            start += chain.Length;
        }
        return codes;
    }
}
