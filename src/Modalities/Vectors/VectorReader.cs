using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>The current row's features as float32.</summary>
internal abstract class FeatureReader(int dimension) : ExampleReader
{
    private readonly float[] _values = new float[dimension];
    private float[] _stored = [];
    private int[] _slots = [];
    private int _count;
    private bool _isDense = true;
    private int _problemSlot;
    private double _problemValue;

    /// <summary>Length of a row.</summary>
    public int Dimension => _values.Length;

    /// <summary>Whether the row came with only some of its slots; the others are 0.</summary>
    public bool IsSparse { get; private set; }

    /// <summary>Slots of a sparse row, ascending.</summary>
    public ReadOnlySpan<int> Slots => _slots.AsSpan(0, _count);

    /// <summary>Their values.</summary>
    public ReadOnlySpan<float> Stored => _stored.AsSpan(0, _count);

    /// <summary>Features of the current row, of all slots.</summary>
    public ReadOnlySpan<float> Values
    {
        get
        {
            if (!_isDense)
            {
                Array.Clear(_values);
                for (var i = 0; i < _count; i++)
                    _values[_slots[i]] = _stored[i];
                _isDense = true;
            }
            return _values;
        }
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Content => MemoryMarshal.AsBytes(Values);

    /// <inheritdoc/>
    public override string Problem => FiniteValues.Problem(_problemSlot, _problemValue);

    /// <summary>Copies the values, converted, and tells what they are.</summary>
    protected Presence Take<T>(ReadOnlySpan<T> source) where T : struct, INumber<T>
    {
        (IsSparse, _isDense) = (false, true);
        return FiniteValues.Convert(source, _values, out _problemSlot, out _problemValue);
    }

    /// <summary>Copies the values of some slots, at least one slot being left out, and tells what they are.</summary>
    protected Presence Take<T>(ReadOnlySpan<T> source, ReadOnlySpan<int> slots) where T : struct, INumber<T>
    {
        (IsSparse, _isDense, _count) = (true, false, source.Length);
        if (_stored.Length < source.Length)
            (_stored, _slots) = (new float[Math.Max(source.Length, 2 * _stored.Length)], new int[Math.Max(source.Length, 2 * _stored.Length)]);
        slots.CopyTo(_slots);
        // The slots left out are zeros: none stored does not mean that there is no sample, nor do NaN in all that are.
        if (source.IsEmpty || FiniteValues.Convert(source, _stored, out var problem, out _problemValue) == Presence.Present)
            return Presence.Present;
        _problemSlot = slots[problem];
        return Presence.Invalid;
    }
}

/// <summary>Reads a vector column.</summary>
/// <param name="dimension">Its size.</param>
/// <param name="getter">The column's.</param>
/// <param name="row">For the row's number in messages.</param>
/// <param name="column">Its name in messages.</param>
internal sealed class VectorReader<T>(int dimension, ValueGetter<VBuffer<T>> getter, DataViewRow row, string column)
    : FeatureReader(dimension) where T : struct, INumber<T>
{
    private VBuffer<T> _buffer;

    /// <inheritdoc/>
    public override Presence Read()
    {
        getter(ref _buffer);
        // A null array under a fixed vector type arrives with length 0.
        if (_buffer.Length == 0)
            return Presence.Absent;
        if (_buffer.Length != Dimension)
            throw RowErrors.WrongLength(row.Position, column, _buffer.Length, Dimension);
        return _buffer.IsDense ? Take(_buffer.GetValues()) : Take(_buffer.GetValues(), _buffer.GetIndices());
    }
}

/// <summary>Reads a scalar column as a vector of one feature.</summary>
internal sealed class ScalarReader<T>(ValueGetter<T> getter) : FeatureReader(1) where T : struct, INumber<T>
{
    private T _value;

    /// <inheritdoc/>
    public override Presence Read()
    {
        getter(ref _value);
        return Take(new ReadOnlySpan<T>(in _value));
    }
}
