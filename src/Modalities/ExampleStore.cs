using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Examples of one modality in native memory, addressed by the order in which they were added.</summary>
internal abstract class ExampleStore : IDisposable
{
    /// <summary>Number of examples.</summary>
    public int Count { get; protected set; }

    /// <summary>Adds the sample that a reader of the same binding holds.</summary>
    public abstract void Add(ExampleReader reader);

    /// <summary>Forgets the examples and keeps the memory.</summary>
    public void Clear() => Count = 0;

    /// <summary>A batch of the examples at the given positions, on a device; the caller's dispose scope owns its tensors.</summary>
    public abstract ModalityBatch Gather(ReadOnlySpan<int> positions, Device device);

    /// <summary>Frees the native memory.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the native memory.</summary>
    protected abstract void Dispose(bool disposing);
}
