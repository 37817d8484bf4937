using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>Walks over A's rows, each with every partner of B, and then over B's rows without one.</summary>
internal sealed class JoinedRowCursor : DataViewRowCursor
{
    // Ids of rows of ML.NET are combined from those of the sides; these stand where a side is not there.
    private static readonly DataViewRowId NoPartner = new(1, 0);
    private static readonly DataViewRowId NoA = new(2, 0);

    private readonly JoinPlan _plan;
    private readonly JoinedColumnReader?[] _byColumn;
    private readonly JoinedColumnReader[] _readers;
    private readonly PartnerRows _partners;
    private JoinSource? _a;
    private JoinSource? _b;
    private JoinedRowKind _kind;
    private int _partner;
    private long _position = -1;
    private bool _ended;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="plan">The join.</param>
    /// <param name="readers">A reader for each column that is asked for, by number.</param>
    public JoinedRowCursor(JoinPlan plan, JoinedColumnReader?[] readers)
    {
        (_plan, _byColumn) = (plan, readers);
        _readers = [.. readers.OfType<JoinedColumnReader>()];
        _partners = new PartnerRows(plan, OpenB, _readers);
    }

    /// <inheritdoc/>
    public override DataViewSchema Schema => _plan.Schema;

    /// <inheritdoc/>
    public override long Position => _position;

    /// <summary>Always 0: the rows come from one cursor, in order.</summary>
    public override long Batch => 0;

    /// <inheritdoc/>
    public override bool IsColumnActive(DataViewSchema.Column column) => _byColumn[_plan.CheckedIndex(column)] is not null;

    /// <inheritdoc/>
    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        var reader = _byColumn[_plan.CheckedIndex(column)]
            ?? throw new InvalidOperationException($"Column '{column.Name}' is not active: it was not among the columns that the cursor was asked for.");
        return reader.Getter as ValueGetter<TValue>
            ?? throw new InvalidOperationException($"Column '{column.Name}' holds {column.Type.RawType}, but a getter of {typeof(TValue)} was asked for.");
    }

    /// <inheritdoc/>
    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) =>
    {
        if (_kind == JoinedRowKind.None)
            CombinedColumnReader.ThrowNoRow();
        id = _kind == JoinedRowKind.OnlyB
            ? _b!.RowId().Combine(NoA)
            : _a!.RowId().Combine(_kind == JoinedRowKind.OnlyA ? NoPartner : new DataViewRowId((ulong)Partners()[_partner], 3));
    };

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        if (_ended)
            return false;
        try
        {
            if (Advance())
            {
                _position++;
                return true;
            }
        }
        catch
        {
            End();
            throw;
        }
        End();
        return false;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            End();
        base.Dispose(disposing);
    }

    private ReadOnlySpan<int> Partners() => _plan.Index.B.RowsOf(_a!.Id);

    private bool Advance()
    {
        if (_b is not null)
            return AdvanceB();
        _a ??= OpenA();
        if (_kind != JoinedRowKind.Pair || ++_partner >= Partners().Length)
        {
            if (!_a.MoveNext())
                return AdvanceB();
            _partner = 0;
        }
        var partners = Partners();
        if (partners.IsEmpty)
            Show(JoinedRowKind.OnlyA, 0);
        else
            Show(JoinedRowKind.Pair, _partners.Find(partners[_partner], _a.Row));
        return true;
    }

    private bool AdvanceB()
    {
        if (_b is null)
        {
            _partners.Dispose();
            _b = OpenB();
        }
        while (_b.MoveNext())
        {
            if (!_plan.Index.A.RowsOf(_b.Id).IsEmpty)
                continue;
            Show(JoinedRowKind.OnlyB, 0);
            return true;
        }
        return false;
    }

    private JoinSource OpenA()
    {
        var source = new JoinSource(_plan.A, _plan.Index, _plan.Index.A, _plan.KeyA, Needed(column => column.SourceA));
        foreach (var reader in _readers)
            reader.BindA(source.Cursor);
        return source;
    }

    private JoinSource OpenB()
    {
        var source = new JoinSource(_plan.B, _plan.Index, _plan.Index.B, _plan.KeyB, Needed(column => column.SourceB));
        foreach (var reader in _readers)
            reader.BindB(source.Cursor);
        return source;
    }

    private IEnumerable<DataViewSchema.Column> Needed(Func<JoinedColumn, DataViewSchema.Column?> source) =>
        _plan.Columns.Where((_, i) => _byColumn[i] is not null).Select(source).OfType<DataViewSchema.Column>();

    private void Show(JoinedRowKind kind, int slot)
    {
        _kind = kind;
        foreach (var reader in _readers)
            reader.Show(kind, slot);
    }

    private void End()
    {
        _ended = true;
        _position = -1;
        Show(JoinedRowKind.None, 0);
        _partners.Dispose();
        _a?.Dispose();
        _b?.Dispose();
    }
}
