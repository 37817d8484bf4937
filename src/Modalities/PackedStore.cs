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
    protected override ModalityBatch GatherExamples(ReadOnlySpan<int> positions)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        foreach (var position in positions)
            Checked(position);
        return Collect(positions);
    }

    /// <summary>Copies a reader's sample to the end.</summary>
    protected abstract void Append(ExampleReader reader);

    /// <summary>A batch of examples that exist, without torch.</summary>
    protected abstract ModalityBatch Collect(ReadOnlySpan<int> positions);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Clear();
        _disposed = true;
    }
}
