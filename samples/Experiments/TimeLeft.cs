using System.Diagnostics;

namespace Experiments;

/// <summary>Estimates the time left from the cells computed so far; those taken over took none.</summary>
internal sealed class TimeLeft(int cells)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly Lock _lock = new();
    private int _left = cells, _computed;

    /// <summary>Counts a cell; null before there is an estimate.</summary>
    public TimeSpan? Finished(bool computed)
    {
        lock (_lock)
        {
            _left--;
            _computed += computed ? 1 : 0;
            return _computed == 0 ? null : _watch.Elapsed / _computed * _left;
        }
    }
}
