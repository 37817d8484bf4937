namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>The group of a process on its own.</summary>
internal sealed class SingleProcess : ProcessGroup
{
    /// <inheritdoc/>
    public override int Rank => 0;

    /// <inheritdoc/>
    public override int Size => 1;

    /// <inheritdoc/>
    public override void AllGather(ReadOnlySpan<byte> own, Span<byte> all, string purpose) => own.CopyTo(all);

    /// <inheritdoc/>
    public override void AllToAll(ReadOnlySpan<byte> parts, Span<byte> received, string purpose) => parts.CopyTo(received);

    /// <inheritdoc/>
    public override void Broadcast(Span<byte> data, int root, string purpose)
    {
    }

    /// <inheritdoc/>
    public override void Barrier(string purpose)
    {
    }

    /// <summary>There is nobody to end but the caller, whose exception does that.</summary>
    public override void Abort(string reason)
    {
    }
}
