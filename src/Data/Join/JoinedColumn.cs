using System.Reflection;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>What a joined row is made of.</summary>
internal enum JoinedRowKind
{
    /// <summary>There is no row.</summary>
    None,

    /// <summary>A row of A without a partner.</summary>
    OnlyA,

    /// <summary>A row of A and one of B.</summary>
    Pair,

    /// <summary>A row of B without a partner.</summary>
    OnlyB,
}

/// <summary>A column of a joined view.</summary>
/// <param name="definition">Name, type and annotations.</param>
/// <param name="sourceA">The column of A that it is read from, or null.</param>
/// <param name="sourceB">The column of B that it is read from, or null.</param>
internal abstract class JoinedColumn(DataViewSchema.DetachedColumn definition, DataViewSchema.Column? sourceA, DataViewSchema.Column? sourceB)
{
    /// <summary>Name, type and annotations.</summary>
    public DataViewSchema.DetachedColumn Definition => definition;

    /// <summary>The column of A that it is read from, or null.</summary>
    public DataViewSchema.Column? SourceA => sourceA;

    /// <summary>The column of B that it is read from, or null.</summary>
    public DataViewSchema.Column? SourceB => sourceB;

    /// <summary>A reader for one cursor.</summary>
    public abstract JoinedColumnReader Open();

    /// <summary>A column that one side has.</summary>
    /// <param name="name">Its name in the joined view.</param>
    /// <param name="source">The column.</param>
    /// <param name="isOfA">Which side.</param>
    /// <param name="missing">Getter of what stands in rows without that side; null where there are none.</param>
    /// <returns>The column; null where its values cannot wait for their turn, as those of B must.</returns>
    public static JoinedColumn? OfSide(string name, DataViewSchema.Column source, bool isOfA, Delegate? missing) =>
        (JoinedColumn?)typeof(JoinedColumn).GetMethod(nameof(CreateTyped), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(source.Type.RawType).Invoke(null, BindingFlags.DoNotWrapExceptions, null, [name, source, isOfA, missing], null);

    private static JoinedColumn<T>? CreateTyped<T>(string name, DataViewSchema.Column source, bool isOfA, ValueGetter<T>? missing)
    {
        if (!isOfA && !HeldValues<T>.CanHold)
            return null;
        var definition = new DataViewSchema.DetachedColumn(name, source.Type, source.Annotations);
        ValueGetter<T> Open(DataViewRow row) => row.GetGetter<T>(row.Schema[source.Index]);
        return isOfA
            ? new JoinedColumn<T>(definition, source, null, Open, null, missing)
            : new JoinedColumn<T>(definition, null, source, null, Open, missing);
    }
}

/// <inheritdoc/>
/// <param name="definition">Name, type and annotations.</param>
/// <param name="sourceA">The column of A that it is read from, or null.</param>
/// <param name="sourceB">The column of B that it is read from, or null.</param>
/// <param name="openA">Getter over a row of A; null where A lacks the column. Goes before B's in pairs.</param>
/// <param name="openB">Getter over a row of B; null where B lacks the column.</param>
/// <param name="missing">Getter of what stands in rows without the column; null where there are none.</param>
internal sealed class JoinedColumn<T>(DataViewSchema.DetachedColumn definition, DataViewSchema.Column? sourceA, DataViewSchema.Column? sourceB,
    Func<DataViewRow, ValueGetter<T>>? openA, Func<DataViewRow, ValueGetter<T>>? openB, ValueGetter<T>? missing)
    : JoinedColumn(definition, sourceA, sourceB)
{
    /// <inheritdoc/>
    public override JoinedColumnReader Open() => new JoinedColumnReader<T>(openA, openB, missing);
}

/// <summary>The column that tells pairs from rows of one side.</summary>
internal sealed class JoinedPairedColumn(string name)
    : JoinedColumn(new DataViewSchema.DetachedColumn(name, BooleanDataViewType.Instance, DataViewSchema.Annotations.Empty), null, null)
{
    /// <inheritdoc/>
    public override JoinedColumnReader Open() => new Reader();

    private sealed class Reader : JoinedColumnReader
    {
        private JoinedRowKind _kind;

        public Reader() => Getter = (ValueGetter<bool>)((ref bool value) =>
        {
            if (_kind == JoinedRowKind.None)
                CombinedColumnReader.ThrowNoRow();
            value = _kind == JoinedRowKind.Pair;
        });

        public override Delegate Getter { get; }

        public override void Show(JoinedRowKind kind, int slot) => _kind = kind;
    }
}

/// <summary>Reads a joined column through one cursor.</summary>
internal abstract class JoinedColumnReader
{
    /// <summary>The getter for the column's consumer, a <see cref="ValueGetter{TValue}"/>.</summary>
    public abstract Delegate Getter { get; }

    /// <summary>From now on rows of A are read here.</summary>
    public virtual void BindA(DataViewRow row)
    {
    }

    /// <summary>From now on rows of B are read here.</summary>
    public virtual void BindB(DataViewRow row)
    {
    }

    /// <summary>Keeps the value of B's current row in a slot.</summary>
    public virtual void Hold(int slot)
    {
    }

    /// <summary>Forgets a slot's value.</summary>
    public virtual void Release(int slot)
    {
    }

    /// <summary>Forgets all slots.</summary>
    public virtual void Clear()
    {
    }

    /// <summary>Sets what the getter gives.</summary>
    /// <param name="kind">What the row is made of.</param>
    /// <param name="slot">Where B's values of a pair are held.</param>
    public abstract void Show(JoinedRowKind kind, int slot);
}

/// <inheritdoc/>
internal sealed class JoinedColumnReader<T> : JoinedColumnReader
{
    private static readonly ValueGetter<T> NoRow = (ref T _) => CombinedColumnReader.ThrowNoRow();

    private readonly Func<DataViewRow, ValueGetter<T>>? _openA;
    private readonly Func<DataViewRow, ValueGetter<T>>? _openB;
    private readonly ValueGetter<T>? _missing;
    private readonly ValueGetter<T> _heldGetter;
    private readonly HeldValues<T>? _held;
    private ValueGetter<T>? _getterA;
    private ValueGetter<T>? _getterB;
    private ValueGetter<T> _current = NoRow;
    private int _slot;

    public JoinedColumnReader(Func<DataViewRow, ValueGetter<T>>? openA, Func<DataViewRow, ValueGetter<T>>? openB, ValueGetter<T>? missing)
    {
        (_openA, _openB, _missing) = (openA, openB, missing);
        _held = openA is null ? HeldValues<T>.Create() : null;
        _heldGetter = (ref T value) => _held!.CopyTo(_slot, ref value);
        Getter = (ValueGetter<T>)((ref T value) => _current(ref value));
    }

    /// <inheritdoc/>
    public override Delegate Getter { get; }

    /// <inheritdoc/>
    public override void BindA(DataViewRow row) => _getterA = _openA?.Invoke(row);

    /// <inheritdoc/>
    public override void BindB(DataViewRow row) => _getterB = _openB?.Invoke(row);

    /// <inheritdoc/>
    public override void Hold(int slot) => _held?.Hold(slot, _getterB!);

    /// <inheritdoc/>
    public override void Release(int slot) => _held?.Release(slot);

    /// <inheritdoc/>
    public override void Clear() => _held?.Clear();

    /// <inheritdoc/>
    public override void Show(JoinedRowKind kind, int slot)
    {
        _slot = slot;
        _current = kind switch
        {
            JoinedRowKind.OnlyA => _getterA ?? _missing!,
            JoinedRowKind.Pair => _getterA ?? _heldGetter,
            JoinedRowKind.OnlyB => _getterB ?? _missing!,
            _ => NoRow,
        };
    }
}
