using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.GentleClip.Data;

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
