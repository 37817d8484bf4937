using System.Globalization;
using ProteinAlignment;

namespace ProteinTasks.Data;

/// <summary>A chain, a domain or a window of one: its letters and alpha carbons.</summary>
/// <param name="Key">The chain's key, with the ranges where it is a part of the chain.</param>
/// <param name="Sequence">One letter per residue.</param>
/// <param name="AlphaCarbons">Three coordinates a residue, in angstrom.</param>
internal sealed record Piece(string Key, string Sequence, float[] AlphaCarbons)
{
    public static Piece Of(ProteinChain chain) => Of(chain, [(0, chain.Sequence.Length)]);

    /// <summary>The residues of the ranges, one after another; counted from 0, the end is not part of a range.</summary>
    public static Piece Of(ProteinChain chain, IReadOnlyList<(int Start, int End)> ranges)
    {
        bool isWhole = ranges is [(0, var end)] && end == chain.Sequence.Length;
        return new Piece(
            isWhole ? chain.Key
                : string.Create(CultureInfo.InvariantCulture,
                    $"{chain.Key}:{string.Join(',', ranges.Select(range => FormattableString.Invariant($"{range.Start}-{range.End}")))}"),
            string.Concat(ranges.Select(range => chain.Sequence[range.Start..range.End])),
            [.. ranges.SelectMany(range => chain.AlphaCarbons[range.Start..range.End]).SelectMany(position => new[] { position.X, position.Y, position.Z })]);
    }

    /// <summary>A random window of the chain, or all of it where it is not longer.</summary>
    public static Piece Crop(ProteinChain chain, int longest, Random random)
    {
        int length = Math.Min(longest, chain.Sequence.Length), start = random.Next(chain.Sequence.Length - length + 1);
        return Of(chain, [(start, start + length)]);
    }
}
