using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>The current row's features as float32.</summary>
internal abstract class FeatureReader(int dimension) : ExampleReader
{
    private readonly float[] _values = new float[dimension];
    private int _problemSlot;
    private double _problemValue;

    /// <summary>Features of the current row.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Content => MemoryMarshal.AsBytes(_values.AsSpan());

    /// <inheritdoc/>
    public override string Problem => FiniteValues.Problem(_problemSlot, _problemValue);

    /// <summary>Copies the values, converted, and tells what they are.</summary>
    protected Presence Take<T>(ReadOnlySpan<T> source) where T : struct, INumber<T> =>
        FiniteValues.Convert(source, _values, out _problemSlot, out _problemValue);
}

/// <summary>Reads a vector column.</summary>
/// <param name="dimension">Its size.</param>
/// <param name="getter">The column's.</param>
/// <param name="row">For the row's number in messages.</param>
/// <param name="column">Its name in messages.</param>
internal sealed class VectorReader<T>(int dimension, ValueGetter<VBuffer<T>> getter, DataViewRow row, string column)
    : FeatureReader(dimension) where T : struct, INumber<T>
{
    private readonly T[] _dense = new T[dimension];
    private VBuffer<T> _buffer;

    /// <inheritdoc/>
    public override Presence Read()
    {
        getter(ref _buffer);
        // A null array under a fixed vector type arrives with length 0.
        if (_buffer.Length == 0)
            return Presence.Absent;
        if (_buffer.Length != _dense.Length)
            throw RowErrors.WrongLength(row.Position, column, _buffer.Length, _dense.Length);
        if (_buffer.IsDense)
            return Take(_buffer.GetValues());
        _buffer.CopyTo(_dense);
        return Take<T>(_dense);
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
