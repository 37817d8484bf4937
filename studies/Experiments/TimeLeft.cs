using System.Diagnostics;
using System.Globalization;

namespace Experiments;

/// <summary>Estimates the time left from the cells computed so far; those taken over took none.</summary>
internal sealed class TimeLeft(int cells)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly Lock _lock = new();
    private int _done, _computed;

    /// <summary>Counts a cell and tells how far it is.</summary>
    public string Finished(bool computed)
    {
        lock (_lock)
        {
            _done++;
            _computed += computed ? 1 : 0;
            var state = string.Create(CultureInfo.InvariantCulture, $"{_done}/{cells}");
            return _computed == 0 ? state
                : string.Create(CultureInfo.InvariantCulture, $"{state}, {_watch.Elapsed / _computed * (cells - _done):h\\:mm\\:ss} left");
        }
    }
}
