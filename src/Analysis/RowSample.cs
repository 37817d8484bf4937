using System.Globalization;
using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Analysis;

/// <summary>The rows of a vector column as float64: all of them, or as many as asked for, each row as likely as the others (reservoir sampling).</summary>
internal sealed class RowSample
{
    private const int RowsBetweenChecks = 256;

    private RowSample(int dimension) => Dimension = dimension;

    /// <summary>Number of slots.</summary>
    public int Dimension { get; }

    /// <summary>The rows kept.</summary>
    public List<double[]> Rows { get; } = [];

    /// <summary>Rows that have a vector.</summary>
    public long Present { get; private set; }

    /// <summary>Rows whose vector is absent: NaN in every slot, or empty.</summary>
    public long Absent { get; private set; }

    /// <summary>Reads a column once.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is not there or not a vector of numbers of known size.</exception>
    /// <exception cref="InvalidOperationException">A vector is infinite or NaN in some slots.</exception>
    public static RowSample Read(IDataView data, string columnName, long capacity, ManagedGenerator random, Action checkCancelled)
    {
        var column = data.Schema.GetColumnOrNull(columnName) ?? throw SchemaErrors.Missing("input", columnName, data.Schema);
        return column.Type is VectorDataViewType { IsKnownSize: true } vector && NumberTypes.IsNumber(vector.ItemType)
            ? NumberTypes.Visit(vector.ItemType, new Filler(new RowSample(vector.Size), data, column, capacity, random, checkCancelled))
            : throw SchemaErrors.Mismatch("input", columnName, "a vector of numbers of known size", SchemaErrors.Describe(column.Type));
    }

    private RowSample Fill<T>(IDataView data, DataViewSchema.Column column, long capacity, ManagedGenerator random,
        Action checkCancelled) where T : struct, INumber<T>
    {
        using var cursor = data.GetRowCursor([column]);
        var getter = cursor.GetGetter<VBuffer<T>>(column);
        VBuffer<T> buffer = default;
        var dense = new T[Dimension];
        for (var row = 0L; cursor.MoveNext(); row++)
        {
            if (row % RowsBetweenChecks == 0)
                checkCancelled();
            getter(ref buffer);
            if (buffer.Length != 0 && buffer.Length != Dimension)
                throw RowErrors.WrongLength(row, column.Name, buffer.Length, Dimension);
            if (buffer.Length != 0)
                buffer.CopyTo(dense);
            if (buffer.Length == 0 || !IsPresent(dense, row, column.Name))
            {
                Absent++;
                continue;
            }
            // The n-th row replaces one of the sample with probability capacity / n.
            var place = Present++ < capacity ? Rows.Count : (long)(random.NextDouble() * Present);
            if (place == Rows.Count && place < capacity)
                Rows.Add(new double[Dimension]);
            if (place < Rows.Count)
                for (var slot = 0; slot < dense.Length; slot++)
                    Rows[(int)place][slot] = double.CreateTruncating(dense[slot]);
        }
        return this;
    }

    private static bool IsPresent<T>(T[] values, long row, string column) where T : struct, INumber<T>
    {
        var bad = Array.FindIndex(values, value => !T.IsFinite(value));
        if (bad < 0)
            return true;
        return Array.TrueForAll(values, T.IsNaN) ? false : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
            $"Row {row}, column '{column}': slot {bad} is {values[bad]}; expected finite numbers, or NaN in every slot for a row that is absent."));
    }

    private sealed class Filler(
        RowSample sample, IDataView data, DataViewSchema.Column column, long capacity, ManagedGenerator random, Action checkCancelled)
        : INumberVisitor<RowSample>
    {
        public RowSample Visit<T>() where T : struct, INumber<T> => sample.Fill<T>(data, column, capacity, random, checkCancelled);
    }
}
