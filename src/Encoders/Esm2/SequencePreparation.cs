using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Amino-acid sequences, the beginning of those that are too long.</summary>
internal sealed class SequencePreparation(int maximumLength) : TokenPreparation<SequenceBatch>
{
    /// <summary>Sequences as they are, for a training that takes random pieces of them.</summary>
    public static SequencePreparation Whole { get; } = new(int.MaxValue);

    /// <inheritdoc/>
    protected override TokenRows Rows(SequenceBatch batch) =>
        new SequenceRows([.. batch.Residues.Select(sequence => SequenceRows.Beginning(sequence, maximumLength))]);
}
