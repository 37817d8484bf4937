using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>A column of a combined view: where each part has it, and what stands in where a part lacks it.</summary>
internal abstract class CombinedColumn(string name, DataViewType type, DataViewSchema.Annotations annotations, DataViewSchema.Column?[] sources)
{
    /// <summary>The name, type and annotations.</summary>
    public DataViewSchema.DetachedColumn Definition { get; } = new(name, type, annotations);

    /// <summary>The part's column, or null where the part lacks it.</summary>
    public DataViewSchema.Column? Source(int part) => sources[part];

    /// <summary>A reader for one cursor.</summary>
    public abstract CombinedColumnReader Open();

    /// <summary>Makes the column for the type's raw type.</summary>
    /// <param name="name">Name of the column.</param>
    /// <param name="type">Type of the column in all parts.</param>
    /// <param name="annotations">Annotations of the column.</param>
    /// <param name="sources">The column in each part.</param>
    /// <param name="missing">A getter of the missing value; may be null if no part lacks the column.</param>
    public static CombinedColumn Create(string name, DataViewType type, DataViewSchema.Annotations annotations,
        DataViewSchema.Column?[] sources, Delegate? missing) =>
        (CombinedColumn)typeof(CombinedColumn).GetMethod(nameof(CreateTyped), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type.RawType)
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, [name, type, annotations, sources, missing], null)!;

    private static CombinedColumn<T> CreateTyped<T>(string name, DataViewType type, DataViewSchema.Annotations annotations, DataViewSchema.Column?[] sources,
        ValueGetter<T>? missing) =>
        new(name, type, annotations, sources, _ => missing!);
}

/// <inheritdoc/>
/// <param name="name">Name of the column.</param>
/// <param name="type">Type of the column.</param>
/// <param name="annotations">Annotations of the column.</param>
/// <param name="sources">The column in each part.</param>
/// <param name="standIn">The getter for a part that lacks the column.</param>
internal sealed class CombinedColumn<T>(string name, DataViewType type, DataViewSchema.Annotations annotations, DataViewSchema.Column?[] sources,
    Func<int, ValueGetter<T>> standIn)
    : CombinedColumn(name, type, annotations, sources)
{
    /// <inheritdoc/>
    public override CombinedColumnReader Open() => new CombinedColumnReader<T>(this);

    /// <summary>The getter over one part.</summary>
    public ValueGetter<T> GetterOver(int part, DataViewRow row) => Source(part) is { } source ? row.GetGetter<T>(source) : standIn(part);
}

/// <summary>Reads a combined column through one cursor: its getter stays, what it calls changes from part to part.</summary>
internal abstract class CombinedColumnReader
{
    /// <summary>The getter for the column's consumer, a <see cref="ValueGetter{TValue}"/>.</summary>
    public abstract Delegate Getter { get; }

    /// <summary>Opens the column on the part that <paramref name="row"/> walks over.</summary>
    public abstract void Bind(int part, DataViewRow row);

    /// <summary>There is no row to read: before the first and after the last.</summary>
    public abstract void Unbind();

    /// <summary>The error for reading where no row is.</summary>
    [DoesNotReturn]
    public static void ThrowNoRow() =>
        throw new InvalidOperationException("The cursor is not on a row: MoveNext has not been called, or it has returned false.");
}

/// <inheritdoc/>
internal sealed class CombinedColumnReader<T> : CombinedColumnReader
{
    private static readonly ValueGetter<T> NoRow = (ref T _) => ThrowNoRow();

    private readonly CombinedColumn<T> _column;
    private ValueGetter<T> _current = NoRow;

    public CombinedColumnReader(CombinedColumn<T> column)
    {
        _column = column;
        Getter = (ValueGetter<T>)((ref T value) => _current(ref value));
    }

    /// <inheritdoc/>
    public override Delegate Getter { get; }

    /// <inheritdoc/>
    public override void Bind(int part, DataViewRow row) => _current = _column.GetterOver(part, row);

    /// <inheritdoc/>
    public override void Unbind() => _current = NoRow;
}
