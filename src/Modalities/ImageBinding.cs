using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Binds pictures: a column of images, of whole picture files, or of pixels.</summary>
internal sealed class ImageBinding : ModalityBinding
{
    /// <summary>The accepted types, in words.</summary>
    public const string ExpectedType =
        "Image, or Vector<Single>, Vector<Double> or Vector<Byte> of known size: channels x height x width with 1 or 3 channels, or a square of them; "
        + "or Vector<Byte> of unknown size: a picture's whole file";

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
        else if (column.Type is VectorDataViewType vector && IsNumber(vector.ItemType) && PixelShape.Of(vector) is { } shape)
            _shape = shape;
        else
            throw SchemaErrors.Mismatch("input", column.Name, ExpectedType, column.Type.ToString()!);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<DataViewSchema.Column> Columns => [Column, .. _names];

    /// <summary>0: pictures of any size are scaled.</summary>
    public override int InputDimension => 0;

    /// <summary>Whether a promised column can be bound.</summary>
    public static bool Accepts(SchemaShape.Column column) => !column.IsKey && (column.Kind == SchemaShape.Column.VectorKind.Scalar
        ? column.ItemType is ImageDataViewType
        : column.Kind == SchemaShape.Column.VectorKind.Vector ? IsNumber(column.ItemType) : column.ItemType == NumberDataViewType.Byte);

    /// <inheritdoc/>
    public override ExampleReader Open(DataViewRow row)
    {
        var column = row.Schema[Column.Index];
        if (IsEncoded(column.Type))
            return new EncodedPictureReader(row, column, [.. _names.Select(name => row.Schema[name.Index])], _options);
        if (column.Type is not VectorDataViewType vector)
            return new ImageReader(row, column, [.. _names.Select(name => row.Schema[name.Index])], _options);
        if (vector.ItemType == NumberDataViewType.Byte)
            return new PixelReader<byte>(_shape, row.GetGetter<VBuffer<byte>>(column), _options);
        return vector.ItemType == NumberDataViewType.Double
            ? new PixelReader<double>(_shape, row.GetGetter<VBuffer<double>>(column), _options)
            : new PixelReader<float>(_shape, row.GetGetter<VBuffer<float>>(column), _options);
    }

    /// <summary>Files are decoded and scaled on as many threads as there are cores, up to eight; pixels, and images that no column of text names, need no such thing.</summary>
    public override ExampleReader OpenAhead(DataViewRowCursor cursor, IDataView data) =>
        _names.Length > 0 && Environment.ProcessorCount > 1 ? new PictureReadAhead(this, _options, cursor, data, Math.Min(Environment.ProcessorCount, MostThreads)) : Open(cursor);

    /// <summary>What the columns of text say that may name the current row's file.</summary>
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

    private static bool IsEncoded(DataViewType type) => type is VectorDataViewType { IsKnownSize: false } vector && vector.ItemType == NumberDataViewType.Byte;

    private static bool IsNumber(DataViewType item) => item == NumberDataViewType.Single || item == NumberDataViewType.Double || item == NumberDataViewType.Byte;
}
