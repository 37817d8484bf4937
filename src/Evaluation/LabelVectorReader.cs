using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>
/// Reads a vector column that has one slot a label: Boolean, or a number that is above 0 where the row has the label and NaN where that is not known.
/// </summary>
internal sealed class LabelVectorReader
{
    private Action<float[]>? _read;

    private LabelVectorReader(DataViewSchema.Column column, int size) => (Column, Size, SlotNames) = (column, size, Interop.SlotNames.Of(column, size));

    /// <summary>The column.</summary>
    public DataViewSchema.Column Column { get; }

    /// <summary>Number of labels.</summary>
    public int Size { get; }

    /// <summary>The labels' names; null where the column has none.</summary>
    public string[]? SlotNames { get; }

    /// <summary>Finds a column and checks its type.</summary>
    /// <exception cref="ArgumentException">The column is not there or not such a vector.</exception>
    public static LabelVectorReader Find(IDataView data, string name)
    {
        ArgumentNullException.ThrowIfNull(data);
        return Find(Columns.Find(data, name, "label"));
    }

    /// <summary>Checks the type of a column.</summary>
    /// <exception cref="ArgumentException">It is no such vector.</exception>
    public static LabelVectorReader Find(DataViewSchema.Column column) =>
        column.Type is VectorDataViewType { IsKnownSize: true } vector && IsLabel(vector.ItemType)
            ? new(column, vector.Size)
            : throw new ArgumentException($"Label column '{column.Name}' must be a vector of Boolean or numbers of known size, but is {column.Type}.");

    /// <summary>Whether slots of a type can be labels.</summary>
    public static bool IsLabel(DataViewType type) => type is BooleanDataViewType || NumberTypes.IsNumber(type);

    /// <summary>Reads from this row or cursor from now on.</summary>
    public void Open(DataViewRow row)
    {
        var item = ((VectorDataViewType)Column.Type).ItemType;
        _read = item is BooleanDataViewType ? Reader<bool>(row, value => value ? 1 : 0) : NumberTypes.Visit(item, new Opener(this, row));
    }

    /// <summary>Writes 1 where the row has the label, 0 where not, NaN where that is not known.</summary>
    public void Read(float[] labels) => _read!(labels);

    private Action<float[]> Reader<T>(DataViewRow row, Func<T, float> toLabel)
    {
        var (getter, value) = (row.GetGetter<VBuffer<T>>(Column), default(VBuffer<T>));
        return labels =>
        {
            getter(ref value);
            if (value.Length != 0 && value.Length != labels.Length)
                throw RowErrors.WrongLength(row.Position, Column.Name, value.Length, labels.Length);
            Array.Clear(labels);
            foreach (var (slot, item) in value.Items())
                labels[slot] = toLabel(item) is var label && label < 0 ? 0 : label;
        };
    }

    private sealed class Opener(LabelVectorReader reader, DataViewRow row) : INumberVisitor<Action<float[]>>
    {
        public Action<float[]> Visit<T>() where T : struct, INumber<T> => reader.Reader<T>(row, value => value > T.Zero ? 1 : float.CreateTruncating(value));
    }
}
