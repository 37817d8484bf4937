using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>
/// The batches of a training's steps, one ahead: while a step computes, the next one's rows are drawn and their samples prepared on other threads. One batch is
/// ahead at most. Until it is taken, the states of random streams and cycles that a checkpoint writes are those of before it was drawn.
/// </summary>
/// <param name="random">The training's.</param>
/// <param name="cycles">Where rows are drawn from.</param>
/// <param name="drawsNoise">Whether drawing a batch takes from torch's streams too.</param>
/// <param name="draw">Draws the batch of a step and begins its work.</param>
internal sealed class BatchReader<T>(RandomSource random, IReadOnlyList<IndexCycle> cycles, bool drawsNoise, Func<int, T> draw) : IDisposable
    where T : class, IDisposable
{
    private T? _next;
    private int _step;
    private bool _isAhead;

    /// <summary>Draws and begins a step's batch, as soon as the step before it has drawn all that is random about it.</summary>
    public void Begin(int step)
    {
        random.Keep(drawsNoise);
        foreach (var cycle in cycles)
            cycle.Keep();
        _isAhead = true;
        (_next, _step) = (draw(step), step);
    }

    /// <summary>A step's batch, which is the caller's.</summary>
    public T Take(int step)
    {
        if (_next is not { } batch)
            return draw(step);
        if (_step != step)
            throw new InvalidOperationException($"The batch ahead is that of step {_step}, not of step {step}.");
        _next = null;
        Forget(rewinds: false);
        return batch;
    }

    /// <summary>Gives the batch ahead up, as if it had not been drawn; no thread works on it afterwards.</summary>
    public void Dispose()
    {
        _next?.Dispose();
        _next = null;
        if (_isAhead)
            Forget(rewinds: true);
    }

    private void Forget(bool rewinds)
    {
        _isAhead = false;
        random.Forget(rewinds);
        foreach (var cycle in cycles)
            cycle.Forget(rewinds);
    }
}
