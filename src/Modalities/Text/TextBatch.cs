namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Texts.</summary>
/// <param name="Texts">None of them blank.</param>
internal sealed record TextBatch(IReadOnlyList<ReadOnlyMemory<char>> Texts) : ModalityBatch;
