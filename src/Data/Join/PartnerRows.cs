namespace Microsoft.ML.GentleClip.Data;

/// <summary>
/// Finds B's rows in the order in which A's rows need them, over cursors that only go forward. Rows that are passed on the way and needed later are held, at
/// most so many; of too many the one that is needed last is forgotten, and read again by another pass. Where both sides are in one order, hardly any is held.
/// </summary>
/// <param name="plan">The join.</param>
/// <param name="open">Opens a cursor over B, bound to the readers.</param>
/// <param name="readers">Hold the values.</param>
internal sealed class PartnerRows(JoinPlan plan, Func<JoinSource> open, IReadOnlyList<JoinedColumnReader> readers) : IDisposable
{
    private readonly Dictionary<int, (int Slot, int NextUse)> _held = [];
    private readonly SortedSet<(int NextUse, int Row)> _uses = [];
    private readonly Stack<int> _free = [];
    private JoinSource? _source;
    private (int Row, int For) _served = (-1, -1);

    /// <summary>The slot of a row of B.</summary>
    /// <param name="row">The row.</param>
    /// <param name="forRow">The row of A that it is read for; rows are asked for in A's order.</param>
    public int Find(int row, int forRow)
    {
        if (_held.ContainsKey(_served.Row))
            Postpone(_served.Row, _served.For + 1);
        _served = (row, forRow);
        // What was needed for A's rows before this one is needed no more, or later again.
        while (_uses.Count > 0 && _uses.Min is var first && first.NextUse < forRow)
            Postpone(first.Row, forRow);
        if (_held.TryGetValue(row, out var held))
            return held.Slot;
        if (_source is null || _source.Row >= row)
        {
            _source?.Dispose();
            _source = null;
            _source = open();
        }
        while (_source.Row < row)
        {
            if (!_source.MoveNext())
                throw new InvalidOperationException($"{plan.KeyB.View} has no row {row}.");
            if (_source.Row == row)
                Hold(row, forRow);
            else if (!_held.ContainsKey(_source.Row) && NextUse(_source.Row, forRow) is >= 0 and var use && HasRoom(use))
                Hold(_source.Row, use);
        }
        return _held[row].Slot;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _source?.Dispose();
        _source = null;
        _held.Clear();
        _uses.Clear();
        foreach (var reader in readers)
            reader.Clear();
    }

    private bool HasRoom(int use) => _held.Count < plan.MaximumBufferedRows || _uses.Max.NextUse > use;

    private void Hold(int row, int use)
    {
        if (_held.Count >= plan.MaximumBufferedRows)
            Forget(_uses.Max.Row);
        var slot = _free.TryPop(out var free) ? free : _held.Count;
        foreach (var reader in readers)
            reader.Hold(slot);
        _held.Add(row, (slot, use));
        _uses.Add((use, row));
    }

    private void Postpone(int row, int forRow)
    {
        var use = NextUse(row, forRow);
        if (use < 0)
        {
            Forget(row);
            return;
        }
        var (slot, before) = _held[row];
        _uses.Remove((before, row));
        _uses.Add((use, row));
        _held[row] = (slot, use);
    }

    private void Forget(int row)
    {
        _held.Remove(row, out var held);
        _uses.Remove((held.NextUse, row));
        foreach (var reader in readers)
            reader.Release(held.Slot);
        _free.Push(held.Slot);
    }

    // The first row of A from this one on that is a partner, or -1.
    private int NextUse(int row, int forRow)
    {
        var partners = plan.Index.A.RowsOf(plan.Index.B.IdOf(row));
        var at = partners.BinarySearch(forRow);
        at = at < 0 ? ~at : at;
        return at < partners.Length ? partners[at] : -1;
    }
}
