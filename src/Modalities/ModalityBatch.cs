using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>A batch of examples as an encoder takes it.</summary>
/// <param name="Values">Feature vectors, <c>[batch, features]</c>, float32.</param>
internal sealed record ModalityBatch(Tensor Values);
