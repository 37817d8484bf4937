using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>A batch of examples as the encoder of their modality takes it.</summary>
internal abstract record ModalityBatch
{
    /// <summary>Feature vectors, <c>[batch, features]</c>, float32.</summary>
    /// <exception cref="InvalidOperationException">The modality is another.</exception>
    public Tensor Vectors => this switch
    {
        VectorBatch batch => batch.Values,
        FeatureBatch { Examples: { } vectors } => vectors,
        _ => throw new InvalidOperationException($"Expected feature vectors, found a {GetType().Name}."),
    };

    /// <summary>What a closed form reads before a training: feature vectors, else the features of a frozen encoder; <c>[batch, width]</c>, float32.</summary>
    /// <exception cref="InvalidOperationException">There are neither.</exception>
    public Tensor AlignedRows => this is FeatureBatch { Examples: null } features ? features.Values : Vectors;
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
/// <param name="Examples">The examples themselves where they are feature vectors, which a closed form beside the towers reads; else null.</param>
internal sealed record FeatureBatch(Tensor Values, Tensor? Examples = null) : ModalityBatch;
