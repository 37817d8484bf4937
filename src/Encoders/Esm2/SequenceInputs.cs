using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Amino-acid sequences: beginning, residues, end.</summary>
internal sealed class SequenceInputs(int maximumLength) : TokenInputs(Esm2Alphabet.Padding)
{
    /// <inheritdoc/>
    public override void Add(ExampleReader reader)
    {
        var residues = ((SequenceReader)reader).Tokens;
        residues = residues[..Math.Min(residues.Length, maximumLength)];
        var tokens = new long[residues.Length + Esm2Batch.Ends];
        (tokens[0], tokens[^1]) = (Esm2Alphabet.Beginning, Esm2Alphabet.End);
        for (var i = 0; i < residues.Length; i++)
            tokens[i + 1] = residues[i];
        Add(tokens);
    }
}
