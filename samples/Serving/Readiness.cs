namespace Serving;

/// <summary>How far the start is. The server listens from the beginning, and says this until it can answer.</summary>
internal sealed class Readiness
{
    private volatile Stage _stage = new("Starting", null, null);
    private volatile bool _isReady;
    private volatile Exception? _problem;

    public bool IsReady => _isReady;

    /// <summary>What the server is doing; of no interest once it is ready.</summary>
    public Stage Current => _stage;

    /// <summary>Why the start failed, or null.</summary>
    public Exception? Problem => _problem;

    public void Report(string doing, int? done = null, int? total = null) => _stage = new(doing, done, total);

    public void Succeed() => _isReady = true;

    public void Fail(Exception problem) => _problem = problem;

    /// <param name="Doing">In words.</param>
    /// <param name="Done">How much of it is done, or null where that is not known.</param>
    /// <param name="Total">How much there is to do, or null.</param>
    public sealed record Stage(string Doing, int? Done, int? Total);
}
