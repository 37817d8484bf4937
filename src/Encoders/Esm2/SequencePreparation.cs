using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Amino-acid sequences, the beginning of those that are too long.</summary>
internal sealed class SequencePreparation(int maximumLength) : TokenPreparation
{
    /// <inheritdoc/>
    protected override TokenRows Rows(ExampleStore examples)
    {
        var sequences = (SequenceStore)examples;
        return new SequenceRows([.. Enumerable.Range(0, sequences.Count).Select(i => SequenceRows.Beginning(sequences[i], maximumLength))]);
    }
}
