using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Binds pictures: a column of images, of whole picture files, or of pixels.</summary>
internal sealed class ImageBinding : ModalityBinding, IPictureColumns
{
    /// <summary>The accepted types, in words.</summary>
    public const string ExpectedType =
        "Image, Vector<Byte> of unknown size (the content of a picture file), or Vector<Single> of known size (other numbers are converted): "
        + "channels x height x width with 1 or 3 channels, or a square of them";

    // More than any disk and decoder needs to keep a training busy.
    private const int MostThreads = 8;

    private readonly ImageOptions _options;
    private readonly PixelShape _shape;
    private readonly DataViewSchema.Column[] _names;

    /// <summary>Binds a column.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column has another type.</exception>
    public ImageBinding(DataViewSchema.Column column, DataViewSchema schema, ImageOptions options) : base(column)
    {
        _options = options;
        _names = [];
        if (column.Type is ImageDataViewType || IsEncoded(column.Type))
            _names = [.. schema.Take(column.Index).Where(other => other.Type == TextDataViewType.Instance && !other.IsHidden)];
        else if (column.Type is VectorDataViewType vector && NumberTypes.IsNumber(vector.ItemType) && PixelShape.Of(vector) is { } shape)
            _shape = shape;
        else
            throw SchemaErrors.Mismatch("input", column.Name, ExpectedType, SchemaErrors.Describe(column.Type));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<DataViewSchema.Column> Columns => [Column, .. _names];

    /// <summary>0: pictures of any size are scaled.</summary>
    public override int InputDimension => 0;

    /// <summary>Whether a promised column can be bound.</summary>
    public static bool Accepts(SchemaShape.Column column) => !column.IsKey && (column.Kind == SchemaShape.Column.VectorKind.Scalar
        ? column.ItemType is ImageDataViewType
        : column.Kind == SchemaShape.Column.VectorKind.Vector ? NumberTypes.IsNumber(column.ItemType) : column.ItemType == NumberDataViewType.Byte);

    /// <inheritdoc/>
    public override ExampleReader Open(DataViewRow row) => OpenPictures(row);

    /// <inheritdoc/>
    public PictureReader OpenPictures(DataViewRow row)
    {
        var column = row.Schema[Column.Index];
        if (IsEncoded(column.Type))
            return new EncodedPictureReader(row, column, [.. _names.Select(name => row.Schema[name.Index])], _options);
        if (column.Type is not VectorDataViewType vector)
            return new ImageReader(row, column, [.. _names.Select(name => row.Schema[name.Index])], _options);
        return (PictureReader)NumberTypes.Visit(vector.ItemType, new PixelOpener(row, column, _shape, _options));
    }

    /// <summary>
    /// Files are decoded and scaled on as many threads as there are cores, up to eight; pixels, and images that no column of text names, need no such thing.
    /// </summary>
    public override ExampleReader OpenAhead(DataViewRowCursor cursor, IDataView data, Func<long, bool>? isRead = null) =>
        _names.Length > 0 && Environment.ProcessorCount > 1
            ? new PictureReadAhead(this, _options, cursor, data, Math.Min(Environment.ProcessorCount, MostThreads), isRead) : Open(cursor);

    /// <inheritdoc/>
    public Func<string> OpenNames(DataViewRow row)
    {
        var getters = Array.ConvertAll(_names, name => row.GetGetter<ReadOnlyMemory<char>>(row.Schema[name.Index]));
        var name = default(ReadOnlyMemory<char>);
        return () => string.Join('\0', getters.Select(getter =>
        {
            getter(ref name);
            return name.ToString();
        }));
    }

    /// <inheritdoc/>
    public override ExampleStore CreateStore() => new ImageStore(_options.Stored);

    private static bool IsEncoded(DataViewType type) =>
        type is VectorDataViewType { IsKnownSize: false } vector && vector.ItemType == NumberDataViewType.Byte;

    private sealed class PixelOpener(DataViewRow row, DataViewSchema.Column column, PixelShape shape, ImageOptions options) : INumberVisitor<ExampleReader>
    {
        public ExampleReader Visit<T>() where T : struct, INumber<T> => new PixelReader<T>(shape, row.GetGetter<VBuffer<T>>(column), options, row, column.Name);
    }
}
