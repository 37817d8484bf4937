using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Reads a column of whole picture files, as <c>LoadRawImageBytes</c> gives it, and decodes them itself.</summary>
/// <param name="row">For the row's number in messages.</param>
/// <param name="column">For its name in messages.</param>
/// <param name="names">Columns of text of which one may name the picture's file.</param>
/// <param name="options">How pictures are prepared.</param>
internal sealed class EncodedPictureReader(DataViewRow row, DataViewSchema.Column column, IReadOnlyList<DataViewSchema.Column> names,
    ImageOptions options) : PictureReader(options)
{
    private readonly ValueGetter<VBuffer<byte>> _getter = row.GetGetter<VBuffer<byte>>(column);
    private readonly FileNames _names = new(row, names);
    private VBuffer<byte> _buffer;

    /// <summary>Nothing: what cannot be decoded is an error at once.</summary>
    public override string Problem => "";

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The file cannot be read or decoded, is cut short, damaged or too large; names row, column and
    /// file.</exception>
    public override Presence Read()
    {
        try
        {
            _getter(ref _buffer);
        }
        catch (Exception exception) when (exception is not (OutOfMemoryException or OperationCanceledException))
        {
            throw Unreadable(row, column.Name, _names, exception.Message, exception);
        }
        if (_buffer.Length == 0)
            return Presence.Absent;
        using var bitmap = PictureDecoder.Decode([.. _buffer.DenseValues()], Options.MaximumPixels, out var orientation, out var problem)
            ?? throw Unreadable(row, column.Name, _names, problem);
        Resize(bitmap, orientation);
        return Presence.Present;
    }
}
