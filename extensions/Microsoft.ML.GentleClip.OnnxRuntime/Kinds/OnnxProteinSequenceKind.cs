using System.Reflection;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>Amino-acid sequences through an ONNX file that takes ESM-2's tokens.</summary>
internal sealed class OnnxProteinSequenceKind : OnnxKind<ProteinSequenceModality, OnnxProteinSequenceEncoderOptions>
{
    /// <inheritdoc/>
    public override string SavedName => Registration.Prefix + "proteinSequence";

    /// <inheritdoc/>
    public override Type DescriptionType => typeof(Description);

    /// <inheritdoc/>
    protected override TowerDescription Describe(ProteinSequenceModality modality, OnnxProteinSequenceEncoderOptions options, int inputDimension) =>
        new Description(modality.InputColumnName, modality.OutputColumnName, options with { ModelFile = SavedFile(options) },
            PlanOf(modality, options, inputDimension));

    /// <inheritdoc/>
    protected override (float[] Features, int Rows) Encode(
        ProteinSequenceModality modality, OnnxProteinSequenceEncoderOptions options, OnnxRunner runner, ModalityBatch batch)
    {
        var longest = Math.Min(options.MaximumLength, (runner.Plan.FixedLength ?? int.MaxValue) - SequenceRows.Ends);
        var residues = ((SequenceBatch)batch).Residues;
        return (runner.Tokens(new SequenceRows([.. residues.Select(sequence => SequenceRows.Beginning(sequence, longest))])), residues.Count);
    }

    private sealed record Description(string InputColumn, string OutputColumn, OnnxProteinSequenceEncoderOptions Encoder, OnnxPlan Plan) : TowerDescription
    {
        /// <inheritdoc/>
        public override (Modality Modality, int InputDimension) Restore(IEnumerable<Assembly> registered) =>
            (Modality.ProteinSequence(OutputColumn, InputColumn, Encoder with { Saved = Plan.Checked() }), 0);
    }
}
