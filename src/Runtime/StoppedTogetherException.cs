namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>A cancellation that all processes of a group know of and answer alike: none of them needs to be ended for it.</summary>
internal sealed class StoppedTogetherException : OperationCanceledException
{
    /// <summary>With this process's own cancellation, or null where another process was cancelled.</summary>
    public StoppedTogetherException(string message, OperationCanceledException? own)
        : base(message, own, own?.CancellationToken ?? default)
    {
    }

    /// <inheritdoc cref="StoppedTogetherException(string, OperationCanceledException?)"/>
    public StoppedTogetherException()
        : this("The training was cancelled.", null)
    {
    }

    /// <inheritdoc cref="StoppedTogetherException(string, OperationCanceledException?)"/>
    public StoppedTogetherException(string message)
        : this(message, null)
    {
    }

    /// <inheritdoc cref="StoppedTogetherException(string, OperationCanceledException?)"/>
    public StoppedTogetherException(string message, Exception innerException)
        : this(message, innerException as OperationCanceledException)
    {
    }
}
