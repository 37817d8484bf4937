using System.Globalization;
using Experiments.Running;

namespace Experiments;

/// <summary>
/// Estimates the time left: what each open cell will take is what finished cells took that are most like it, of the same method, data set and numbers of rows,
/// else of the same method, else of any. Cells that were taken over count with what they took at their time.
/// </summary>
/// <param name="cells">All cells, each once.</param>
internal sealed class TimeLeft(IReadOnlyList<CellKey> cells)
{
    private readonly Lock _lock = new();
    private readonly HashSet<CellKey> _open = [.. cells];
    private readonly List<(CellKey Key, double Seconds)> _finished = [];

    /// <summary>Counts a cell and tells how far it is.</summary>
    /// <param name="key">The cell.</param>
    /// <param name="time">What it took, its share where others ran beside it; null where that is not known.</param>
    public string Finished(CellKey key, ComputingTime? time)
    {
        lock (_lock)
        {
            _open.Remove(key);
            if (time is { } known)
                _finished.Add((key, known.WallSeconds));
            var state = string.Create(CultureInfo.InvariantCulture, $"{cells.Count - _open.Count}/{cells.Count}");
            // Times of cells that run side by side are shares, so their sum is time on the clock.
            return _finished.Count == 0 ? state
                : string.Create(CultureInfo.InvariantCulture, $"{state}, {TimeSpan.FromSeconds(Math.Round(_open.Sum(Expected))):h\\:mm\\:ss} left");
        }
    }

    private double Expected(CellKey open) =>
        Mean(key => key == open with { Seed = key.Seed }) ?? Mean(key => (key.Method, key.Data) == (open.Method, open.Data))
            ?? Mean(key => key.Method == open.Method) ?? Mean(_ => true)!.Value;

    private double? Mean(Func<CellKey, bool> isLike) =>
        _finished.Where(cell => isLike(cell.Key)).Select(cell => (double?)cell.Seconds).Average();
}
