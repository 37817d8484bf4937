using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Rows of tokens and their mask.</summary>
internal abstract class TokenPreparation<TBatch> : BatchPreparation<TBatch> where TBatch : ModalityBatch
{
    /// <inheritdoc/>
    public sealed override IReadOnlyList<OnnxInput> Prepare(TBatch batch) => TokenInputs.Of(Rows(batch));

    /// <summary>The tokens of the examples.</summary>
    protected abstract TokenRows Rows(TBatch batch);
}
