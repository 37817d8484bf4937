using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>A batch of examples as the encoder of their modality takes it.</summary>
internal abstract record ModalityBatch
{
    /// <summary>Feature vectors, <c>[batch, features]</c>, float32.</summary>
    /// <exception cref="InvalidOperationException">The modality is another.</exception>
    public Tensor Vectors => this is VectorBatch batch ? batch.Values : throw new InvalidOperationException($"Expected feature vectors, found a {GetType().Name}.");
}

/// <summary>Feature vectors.</summary>
/// <param name="Values"><c>[batch, features]</c>, float32.</param>
internal sealed record VectorBatch(Tensor Values) : ModalityBatch;

/// <summary>Amino-acid sequences.</summary>
/// <param name="Residues">Tokens of each, without beginning and end, on the CPU.</param>
internal sealed record SequenceBatch(IReadOnlyList<ReadOnlyMemory<byte>> Residues) : ModalityBatch;

/// <summary>Protein structures; the encoder makes one graph of them.</summary>
/// <param name="Chains">On the CPU.</param>
internal sealed record StructureBatch(IReadOnlyList<Chain> Chains) : ModalityBatch;

/// <summary>Pictures; the encoder cuts, varies and normalises them.</summary>
/// <param name="Squares">Bytes, <c>[batch, 3, side, side]</c>.</param>
internal sealed record ImageBatch(Tensor Squares) : ModalityBatch;

/// <summary>What a frozen encoder made of the examples before the training: only the projection head is left to do.</summary>
/// <param name="Values"><c>[batch, features of the encoder]</c>, float32.</param>
internal sealed record FeatureBatch(Tensor Values) : ModalityBatch;
