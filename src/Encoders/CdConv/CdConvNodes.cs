using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>The nodes of all chains of a batch at one stage: residues at the first one, pooled pairs after. In C# arrays, float64.</summary>
/// <param name="Positions">Angstrom, <c>[nodes * 3]</c>.</param>
/// <param name="Frames">Rows b, n, o, <c>[nodes * 9]</c>.</param>
/// <param name="Sequence">Number along the chain.</param>
/// <param name="Chain">Number of the chain in the batch; a chain's nodes stand together.</param>
internal sealed record CdConvNodes(double[] Positions, double[] Frames, int[] Sequence, int[] Chain)
{
    private const double SmallestRow = 1e-12; // the public code's

    /// <summary>Number of nodes.</summary>
    public int Count => Sequence.Length;

    /// <summary>The residues of chains; frames come from the coordinates without noise, as in the public code.</summary>
    /// <param name="chains">One or more.</param>
    /// <param name="noise">Added to the coordinates, <c>[residues * 3]</c>; empty for none.</param>
    public static CdConvNodes Of(IReadOnlyList<Chain> chains, ReadOnlySpan<float> noise = default)
    {
        var count = chains.Sum(chain => chain.Length);
        var nodes = new CdConvNodes(new double[3 * count], new double[9 * count], new int[count], new int[count]);
        var start = 0;
        for (var c = 0; c < chains.Count; c++)
        {
            var coordinates = chains[c].Coordinates.Span;
            var length = chains[c].Length;
            var positions = nodes.Positions.AsSpan(3 * start, 3 * length);
            for (var i = 0; i < positions.Length; i++)
                positions[i] = coordinates[i];
            CdConvFrames.Compute(positions, nodes.Frames.AsSpan(9 * start, 9 * length));
            for (var i = 0; !noise.IsEmpty && i < positions.Length; i++)
                positions[i] += noise[3 * start + i];
            for (var i = 0; i < length; i++)
                (nodes.Sequence[start + i], nodes.Chain[start + i]) = (i, c);
            start += length;
        }
        return nodes;
    }

    /// <summary>First node after those of the chain that node <paramref name="start"/> belongs to.</summary>
    public int EndOfChain(int start)
    {
        var end = start + 1;
        while (end < Count && Chain[end] == Chain[start])
            end++;
        return end;
    }

    /// <summary>Equation 12: vectors to the previous and to the next node of the chain, zeros past its ends, <c>[nodes * 6]</c>.</summary>
    public double[] StructureInput()
    {
        var input = new double[6 * Count];
        for (var i = 0; i < Count; i++)
        {
            for (var c = 0; c < 3; c++)
            {
                if (i > 0 && Chain[i - 1] == Chain[i])
                    input[6 * i + c] = Positions[3 * i - 3 + c] - Positions[3 * i + c];
                if (i + 1 < Count && Chain[i + 1] == Chain[i])
                    input[6 * i + 3 + c] = Positions[3 * i + 3 + c] - Positions[3 * i + c];
            }
        }
        return input;
    }

    /// <summary>Pools nodes whose sequence numbers halve to the same: mean position, mean frame with rows at unit length (no longer orthogonal).</summary>
    /// <returns>The pooled nodes, and for each node of this stage the one it went to.</returns>
    public (CdConvNodes Pooled, long[] Group) Pool(CdConvPooling pooling)
    {
        var group = new long[Count];
        for (var i = 1; i < Count; i++)
        {
            var starts = Sequence[i] / 2 != Sequence[i - 1] / 2 || (pooling == CdConvPooling.WithinChains && Chain[i] != Chain[i - 1]);
            group[i] = group[i - 1] + (starts ? 1 : 0);
        }
        var count = (int)group[^1] + 1;
        var pooled = new CdConvNodes(new double[3 * count], new double[9 * count], new int[count], new int[count]);
        var sizes = new int[count];
        for (var i = 0; i < Count; i++)
        {
            var g = (int)group[i];
            for (var c = 0; c < 3; c++)
                pooled.Positions[3 * g + c] += Positions[3 * i + c];
            for (var c = 0; c < 9; c++)
                pooled.Frames[9 * g + c] += Frames[9 * i + c];
            (pooled.Sequence[g], pooled.Chain[g]) = (Sequence[i] / 2, Chain[i]);
            sizes[g]++;
        }
        for (var i = 0; i < pooled.Positions.Length; i++)
            pooled.Positions[i] /= sizes[i / 3];
        for (var i = 0; i < pooled.Frames.Length; i++)
            pooled.Frames[i] /= sizes[i / 9];
        for (var row = 0; row < 3 * count; row++)
            CdConvFrames.Normalize(pooled.Frames.AsSpan(3 * row, 3), SmallestRow);
        return (pooled, group);
    }
}
