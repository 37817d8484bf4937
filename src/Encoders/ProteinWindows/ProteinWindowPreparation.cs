using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Protein sequences as their statistics.</summary>
internal sealed class ProteinWindowPreparation : BatchPreparation<SequenceBatch>
{
    /// <inheritdoc/>
    public override IReadOnlyList<OnnxInput> Prepare(SequenceBatch batch)
    {
        var sequences = batch.Residues;
        var profiles = new float[Length(sequences.Count, ProteinProfile.Count)];
        for (var i = 0; i < sequences.Count; i++)
            ProteinProfile.Compute(sequences[i].Span, profiles.AsSpan(i * ProteinProfile.Count, ProteinProfile.Count));
        return [new(OnnxNames.SequenceProfile, profiles, sequences.Count, ProteinProfile.Count)];
    }
}
