using System.Globalization;
using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Analysis;

/// <summary>Reads a column of features, a vector or a scalar, row by row as float64.</summary>
internal sealed class FeatureColumn
{
    private const string ExpectedType = "a vector of numbers or Booleans of known size, or a scalar number";
    private Func<long, bool>? _read;

    private FeatureColumn(DataViewSchema.Column column, int dimension) => (Column, Values) = (column, new double[dimension]);

    /// <summary>The column.</summary>
    public DataViewSchema.Column Column { get; }

    /// <summary>Number of slots.</summary>
    public int Dimension => Values.Length;

    /// <summary>The values of the current row; overwritten by the next.</summary>
    public double[] Values { get; }

    /// <summary>Finds a column and checks its type.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is not there or of another type.</exception>
    public static FeatureColumn Find(DataViewSchema schema, string name)
    {
        var column = schema.GetColumnOrNull(name) ?? throw SchemaErrors.Missing("input", name, schema);
        var vector = column.Type as VectorDataViewType;
        var isRead = vector is null
            ? NumberTypes.IsNumber(column.Type)
            : vector.IsKnownSize && (NumberTypes.IsNumber(vector.ItemType) || vector.ItemType is BooleanDataViewType);
        return isRead
            ? new FeatureColumn(column, vector?.Size ?? 1)
            : throw SchemaErrors.Mismatch("input", name, ExpectedType, SchemaErrors.Describe(column.Type));
    }

    /// <summary>Reads from this cursor from now on.</summary>
    public void Open(DataViewRow row)
    {
        var opener = new Opener(this, row);
        var item = Column.Type is VectorDataViewType vector ? vector.ItemType : Column.Type;
        _read = item is BooleanDataViewType ? opener.Visit<byte>() : NumberTypes.Visit(item, opener);
    }

    /// <summary>Whether the row the cursor is at has the features: not where all slots are NaN, or the vector is empty.</summary>
    /// <param name="row">Number of the row, for errors.</param>
    /// <exception cref="InvalidOperationException">A slot is infinite, or some slots are NaN.</exception>
    public bool Read(long row) => _read!(row);

    private Func<long, bool> Vector<T>(DataViewRow source) where T : struct, INumber<T>
    {
        var getter = NumberTypes.VectorGetter<T>(source, Column);
        var (buffer, dense) = (default(VBuffer<T>), new T[Dimension]);
        return row =>
        {
            getter(ref buffer);
            if (buffer.Length == 0)
                return false;
            if (buffer.Length != dense.Length)
                throw new InvalidOperationException($"Row {row}, column '{Column.Name}': expected a vector of {dense.Length} slots, found {buffer.Length}.");
            buffer.CopyTo(dense);
            return Take<T>(dense, row);
        };
    }

    private Func<long, bool> Scalar<T>(DataViewRow source) where T : struct, INumber<T>
    {
        var (getter, value) = (source.GetGetter<T>(Column), default(T));
        return row =>
        {
            getter(ref value);
            return Take<T>([value], row);
        };
    }

    private bool Take<T>(ReadOnlySpan<T> values, long row) where T : struct, INumber<T>
    {
        var (bad, missing) = (-1, 0);
        for (var slot = 0; slot < values.Length; slot++)
        {
            Values[slot] = double.CreateTruncating(values[slot]);
            if (double.IsFinite(Values[slot]))
                continue;
            bad = bad < 0 || (double.IsNaN(Values[bad]) && double.IsInfinity(Values[slot])) ? slot : bad;
            missing += double.IsNaN(Values[slot]) ? 1 : 0;
        }
        return bad < 0 || (missing == values.Length ? false : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
            $"Row {row}, column '{Column.Name}': slot {bad} is {Values[bad]}; expected finite numbers, or NaN in every slot for a row that lacks this side.")));
    }

    private sealed class Opener(FeatureColumn column, DataViewRow row) : INumberVisitor<Func<long, bool>>
    {
        public Func<long, bool> Visit<T>() where T : struct, INumber<T> =>
            column.Column.Type is VectorDataViewType ? column.Vector<T>(row) : column.Scalar<T>(row);
    }
}
