using System.Globalization;
using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.MissingModality;

/// <summary>The mean of each slot of a column over the rows that have it, and how many rows lack it.</summary>
internal abstract class SlotMeans(int size)
{
    private protected readonly double[] _sums = new double[size];
    private protected readonly long[] _missing = new long[size];

    /// <summary>Rows read.</summary>
    public long Rows { get; private protected set; }

    /// <summary>Rows that lack the vector.</summary>
    public long AbsentRows { get; private protected set; }

    /// <summary>Rows that have the vector but lack slots of it.</summary>
    public long IncompleteRows { get; private protected set; }

    /// <summary>Slots that those rows lack.</summary>
    public long MissingSlots => _missing.Sum();

    /// <summary>Slots that no row has.</summary>
    public IEnumerable<int> Unknown => Enumerable.Range(0, size).Where(slot => _missing[slot] == Rows - AbsentRows);

    /// <summary>The means; 0 for a slot that no row has.</summary>
    public double[] Means => [.. _sums.Select((sum, slot) => Rows - AbsentRows - _missing[slot] is > 0 and var rows ? sum / rows : 0)];

    /// <summary>Opens a column of a cursor.</summary>
    public static SlotMeans Open(DataViewRow row, DataViewSchema.Column column, int size)
    {
        var item = ((VectorDataViewType)column.Type).ItemType;
        var opener = new Opener(row, column, size);
        return item is BooleanDataViewType ? opener.Visit<byte>() : NumberTypes.Visit(item, opener);
    }

    /// <summary>Takes the current row in.</summary>
    /// <exception cref="InvalidOperationException">The vector has another length or an infinite slot.</exception>
    public abstract void Add(long row);

    private sealed class Opener(DataViewRow row, DataViewSchema.Column column, int size) : INumberVisitor<SlotMeans>
    {
        public SlotMeans Visit<T>() where T : struct, INumber<T> => new Typed<T>(NumberTypes.VectorGetter<T>(row, column), column.Name, size);
    }

    private sealed class Typed<T>(ValueGetter<VBuffer<T>> getter, string column, int size) : SlotMeans(size) where T : struct, INumber<T>
    {
        private readonly int _size = size;
        private VBuffer<T> _value;

        public override void Add(long row)
        {
            getter(ref _value);
            if (_value.Length != 0 && _value.Length != _size)
                throw RowErrors.WrongLength(row, column, _value.Length, _size);
            Rows++;
            var values = _value.GetValues();
            var missing = 0;
            foreach (var value in values)
                missing += T.IsNaN(value) ? 1 : 0;
            if (_value.Length == 0 || missing == _size)
            {
                AbsentRows++;
                return;
            }
            IncompleteRows += missing > 0 ? 1 : 0;
            var indices = _value.GetIndices();
            for (var i = 0; i < values.Length; i++)
            {
                var slot = _value.IsDense ? i : indices[i];
                if (T.IsNaN(values[i]))
                    _missing[slot]++;
                else if (T.IsFinite(values[i]))
                    _sums[slot] += double.CreateTruncating(values[i]);
                else
                    throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                        $"Row {row}, column '{column}': slot {slot} is {values[i]}; expected finite numbers, or NaN for a slot that is missing."));
            }
        }
    }
}
