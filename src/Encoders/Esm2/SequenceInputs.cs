using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Amino-acid sequences, the beginning of those that are too long.</summary>
internal sealed class SequenceInputs(int maximumLength) : TokenInputs
{
    private readonly List<ReadOnlyMemory<byte>> _sequences = [];

    /// <inheritdoc/>
    public override void Add(ExampleReader reader)
    {
        var residues = ((SequenceReader)reader).Tokens;
        _sequences.Add(residues[..Math.Min(residues.Length, maximumLength)].ToArray());
    }

    /// <inheritdoc/>
    protected override TokenRows Rows => new SequenceRows(_sequences);
}
