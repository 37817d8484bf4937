using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>Collects what a context logs.</summary>
internal sealed class ContextLog
{
    private readonly List<LoggingEventArgs> _messages = [];

    public ContextLog(MLContext mlContext) => mlContext.Log += (_, message) =>
    {
        lock (_messages)
            _messages.Add(message);
    };

    /// <summary>Texts of a kind, in order.</summary>
    public List<string> Texts(ChannelMessageKind kind)
    {
        lock (_messages)
            return [.. _messages.Where(message => message.Kind == kind).Select(message => message.RawMessage)];
    }

    public List<string> Warnings => Texts(ChannelMessageKind.Warning);

    public void Clear()
    {
        lock (_messages)
            _messages.Clear();
    }
}
