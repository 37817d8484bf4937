using System.Globalization;
using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Reads a column of pixels: planes one after the other, each row by row.</summary>
/// <param name="shape">Sizes of the pictures.</param>
/// <param name="getter">The column's.</param>
/// <param name="options">How pictures are prepared.</param>
/// <param name="row">For the row's number in messages.</param>
/// <param name="column">Its name in messages.</param>
internal sealed class PixelReader<T>(PixelShape shape, ValueGetter<VBuffer<T>> getter, ImageOptions options, DataViewRow row, string column)
    : PictureReader(options) where T : struct, INumber<T>
{
    private readonly float[] _values = new float[shape.Length];
    private readonly T[] _dense = new T[shape.Length];
    private VBuffer<T> _buffer;
    private string _problem = "";

    /// <inheritdoc/>
    public override string Problem => _problem;

    /// <inheritdoc/>
    public override Presence Read()
    {
        getter(ref _buffer);
        if (_buffer.Length == 0) // a null array under a fixed vector type
            return Presence.Absent;
        if (_buffer.Length != shape.Length)
            throw RowErrors.WrongLength(row.Position, column, _buffer.Length, shape.Length);
        _buffer.CopyTo(_dense);
        var presence = FiniteValues.Convert<T>(_dense, _values, out var slot, out var value);
        if (presence == Presence.Invalid)
            _problem = FiniteValues.Problem(slot, value);
        if (presence != Presence.Present)
            return presence;
        if (_values.AsSpan().IndexOfAnyExceptInRange(0f, 255f) is >= 0 and var outside)
        {
            _problem = string.Create(CultureInfo.InvariantCulture, $"slot {outside} is {_values[outside]}; expected values of pixels from 0 to 255");
            return Presence.Invalid;
        }
        Resizer.Resize(shape.Width, shape.Height, CopyRow, Target);
        return Presence.Present;
    }

    private void CopyRow(int row, Span<float> planes)
    {
        for (var channel = 0; channel < ImageResizer.Channels; channel++)
            _values.AsSpan((Math.Min(channel, shape.Channels - 1) * shape.Height + row) * shape.Width, shape.Width).CopyTo(planes[(channel * shape.Width)..]);
    }
}
