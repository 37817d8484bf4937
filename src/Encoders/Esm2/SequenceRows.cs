using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Amino-acid sequences as ESM-2's tokens: beginning, residues, end.</summary>
/// <param name="sequences">Residues as <see cref="Esm2Alphabet.Encode"/> gives them.</param>
internal sealed class SequenceRows(IReadOnlyList<ReadOnlyMemory<byte>> sequences) : TokenRows
{
    /// <summary>Tokens that a sequence has beside its residues.</summary>
    public const int Ends = 2;

    /// <inheritdoc/>
    public override int Count => sequences.Count;

    /// <summary>A sequence's first residues.</summary>
    public static ReadOnlyMemory<byte> Beginning(ReadOnlyMemory<byte> sequence, int maximumLength) => sequence[..Math.Min(sequence.Length, maximumLength)];

    /// <inheritdoc/>
    public override long Padding => Esm2Alphabet.Padding;

    /// <inheritdoc/>
    public override int LengthOf(int row) => sequences[row].Length + Ends;

    /// <inheritdoc/>
    protected override void CopyTo(int row, Span<long> target)
    {
        var residues = sequences[row].Span;
        (target[0], target[^1]) = (Esm2Alphabet.Beginning, Esm2Alphabet.End);
        for (var i = 0; i < residues.Length; i++)
            target[i + 1] = residues[i];
    }
}
