using TorchSharp;
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

    /// <summary>Its tensors.</summary>
    protected virtual IEnumerable<Tensor> Tensors => [];

    /// <summary>The same batch on a device; where that is another one, this batch is freed.</summary>
    public virtual ModalityBatch To(Device device) => this;

    /// <summary>Takes the tensors out of their dispose scope: whoever has the batch frees it.</summary>
    public ModalityBatch Detach()
    {
        foreach (var tensor in Tensors)
            tensor.DetachFromDisposeScope();
        return this;
    }

    /// <summary>Frees the tensors. A second call does nothing.</summary>
    public void Free()
    {
        foreach (var tensor in Tensors)
            tensor.Dispose();
    }

    /// <summary>A tensor on a device; where that is another one, the given tensor is freed.</summary>
    protected static Tensor Moved(Tensor tensor, Device device) =>
        device.type == DeviceType.CPU && tensor.device_type == DeviceType.CPU ? tensor : tensor.to(device, disposeAfter: true);
}

/// <summary>Feature vectors.</summary>
/// <param name="Values"><c>[batch, features]</c>, float32.</param>
internal sealed record VectorBatch(Tensor Values) : ModalityBatch
{
    /// <inheritdoc/>
    protected override IEnumerable<Tensor> Tensors => [Values];

    /// <inheritdoc/>
    public override ModalityBatch To(Device device) => new VectorBatch(Moved(Values, device));
}

/// <summary>Amino-acid sequences.</summary>
/// <param name="Residues">Tokens of each, without beginning and end, on the CPU.</param>
internal sealed record SequenceBatch(IReadOnlyList<ReadOnlyMemory<byte>> Residues) : ModalityBatch;

/// <summary>Protein structures; the encoder makes one graph of them.</summary>
/// <param name="Chains">On the CPU.</param>
internal sealed record StructureBatch(IReadOnlyList<Chain> Chains) : ModalityBatch;

/// <summary>Pictures; the encoder cuts, varies and normalises them.</summary>
/// <param name="Squares">Bytes, <c>[batch, 3, side, side]</c>.</param>
internal sealed record ImageBatch(Tensor Squares) : ModalityBatch
{
    /// <inheritdoc/>
    protected override IEnumerable<Tensor> Tensors => [Squares];

    /// <inheritdoc/>
    public override ModalityBatch To(Device device) => new ImageBatch(Moved(Squares, device));
}

/// <summary>What a frozen encoder made of the examples before the training: only the projection head is left to do.</summary>
/// <param name="Values"><c>[batch, features of the encoder]</c>, float32.</param>
/// <param name="Examples">The examples themselves where they are feature vectors, which a closed form beside the towers reads; else null.</param>
internal sealed record FeatureBatch(Tensor Values, Tensor? Examples = null) : ModalityBatch
{
    /// <inheritdoc/>
    protected override IEnumerable<Tensor> Tensors => Examples is null ? [Values] : [Values, Examples];

    /// <inheritdoc/>
    public override ModalityBatch To(Device device) => new FeatureBatch(Moved(Values, device), Examples is null ? null : Moved(Examples, device));
}
