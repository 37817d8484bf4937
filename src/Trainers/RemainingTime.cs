namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>
/// Estimates what remains of a phase from its own recent speed: work and time are summed with weights that halve over time, so that neither the
/// phases before nor one slow step decide for long. It says nothing rather than something wrong.
/// </summary>
/// <param name="total">All work of the phase, or null where nobody knows.</param>
/// <param name="done">Work that was done before: that of a checkpoint.</param>
/// <param name="begun">When the phase began.</param>
internal sealed class RemainingTime(double? total, double done, TimeSpan begun)
{
    // The first of many units loads and compiles what the others find ready; of few units each counts.
    private const double FewUnits = 20;
    private const int SamplesOfMany = 3;

    private const double SecondsOfMemory = 20, ShareOfMemory = 0.25;
    private const double LeastSeconds = 0.5;

    // More is no estimate but a phase that stands still.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1000);
    private static readonly TimeSpan BetweenSamples = TimeSpan.FromMilliseconds(100);

    private readonly bool _skipsFirst = total - done > FewUnits;
    private readonly TimeSpan _begun = begun;
    private TimeSpan _last = begun;
    private double _lastDone = done, _work, _seconds, _measured;
    private bool _isWarm;
    private int _samples;

    /// <summary>Takes note of how far the phase is.</summary>
    /// <param name="now">On the clock of <c>begun</c>.</param>
    /// <param name="workDone">Work done so far.</param>
    public void Add(TimeSpan now, double workDone)
    {
        if (total is null || (now - _last < BetweenSamples && (_isWarm || workDone == _lastDone)))
            return;
        if (_skipsFirst && !_isWarm)
        {
            if (workDone == _lastDone)
                return;
            (_isWarm, _last, _lastDone) = (true, now, workDone);
            return;
        }
        _isWarm = true;
        var seconds = (now - _last).TotalSeconds;
        var kept = Math.Exp(-seconds / Math.Max(SecondsOfMemory, ShareOfMemory * (now - _begun).TotalSeconds));
        (_work, _seconds) = (_work * kept + workDone - _lastDone, _seconds * kept + seconds);
        _measured += seconds;
        if (workDone > _lastDone)
            _samples++;
        (_last, _lastDone) = (now, workDone);
    }

    /// <summary>Seconds that a unit of work takes, or null where that is not known yet.</summary>
    public double? SecondsPerUnit =>
        _samples >= (_skipsFirst ? SamplesOfMany : 1) && _measured >= LeastSeconds && _work > 0 ? _seconds / _work : null;

    /// <summary>Time to the end of the phase, and of so much more work of the same kind; null where that is not known.</summary>
    public TimeSpan? Of(double workDone, double more = 0) =>
        SecondsPerUnit * (total - workDone + more) is { } seconds && seconds <= Longest.TotalSeconds ? TimeSpan.FromSeconds(Math.Max(0, seconds)) : null;
}
