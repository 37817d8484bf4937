using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Examples of different lengths.</summary>
internal abstract class PackedStore : ExampleStore
{
    private bool _disposed;

    /// <inheritdoc/>
    public override void Add(ExampleReader reader)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Append(reader);
        Count++;
    }

    /// <inheritdoc/>
    protected override ModalityBatch GatherExamples(ReadOnlySpan<int> positions, Device device)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        foreach (var position in positions)
            Checked(position);
        return Collect(positions, device);
    }

    /// <summary>Copies a reader's sample to the end.</summary>
    protected abstract void Append(ExampleReader reader);

    /// <summary>A batch of examples that exist.</summary>
    protected abstract ModalityBatch Collect(ReadOnlySpan<int> positions, Device device);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Clear();
        _disposed = true;
    }
}
