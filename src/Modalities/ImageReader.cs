using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>The current row's picture as a square of bytes.</summary>
internal abstract class PictureReader(ImageOptions options) : ExampleReader
{
    private readonly byte[] _square = new byte[ImageResizer.Channels * options.Stored * options.Stored];

    /// <summary>Planes of red, green and blue, <c>[3, side, side]</c>.</summary>
    public ReadOnlySpan<byte> Square => _square;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Content => _square;

    /// <summary>How pictures are prepared.</summary>
    protected ImageOptions Options => options;

    /// <summary>Scales pictures.</summary>
    protected ImageResizer Resizer { get; } = new(options.Stored, options.Fit);

    /// <summary>Where to write the picture.</summary>
    protected Span<byte> Target => _square;
}

/// <summary>Reads a column of ML.NET's images.</summary>
/// <param name="row">For the row's number in messages.</param>
/// <param name="column">For its name in messages.</param>
/// <param name="names">Columns of text of which one may name the picture's file.</param>
/// <param name="options">How pictures are prepared.</param>
internal sealed class ImageReader(DataViewRow row, DataViewSchema.Column column, IReadOnlyList<DataViewSchema.Column> names, ImageOptions options) : PictureReader(options)
{
    private readonly ValueGetter<MLImage> _getter = row.GetGetter<MLImage>(column);
    private readonly FileNames _names = new(row, names);
    private MLImage? _image;
    private string _problem = "";

    /// <inheritdoc/>
    public override string Problem => _problem;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The picture cannot be loaded; names row, column and file.</exception>
    public override Presence Read()
    {
        try
        {
            _getter(ref _image!); // the former one is the getter's to free, as it may be the user's own
        }
        catch (Exception exception) when (exception is not (OutOfMemoryException or OperationCanceledException))
        {
            _image = null;
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                $"Row {row.Position}, column '{column.Name}': the picture cannot be loaded{_names.Describe(exception.Message)}: {exception.Message}"), exception);
        }
        if (_image is null)
            return Presence.Absent;
        if (ImagePixels.IsDisposed(_image) || _image.Width < 1 || _image.Height < 1 || _image.PixelFormat == MLPixelFormat.Unknown)
        {
            _problem = $"the image {(ImagePixels.IsDisposed(_image) ? "was disposed" : $"has {_image.Width} x {_image.Height} pixels of format {_image.PixelFormat}")}{_names.Describe("")}; expected one of 32 bits a pixel";
            return Presence.Invalid;
        }
        var (red, blue) = _image.PixelFormat == MLPixelFormat.Rgba32 ? (0, 2) : (2, 0);
        var isPremultiplied = ImagePixels.IsPremultiplied(_image);
        Resizer.Resize(_image.Width, _image.Height, (y, planes) => Compose(ImagePixels.Row(_image, y), red, blue, isPremultiplied, planes), Target);
        return Presence.Present;
    }

    // The picture over the background.
    private void Compose(ReadOnlySpan<byte> pixels, int red, int blue, bool isPremultiplied, Span<float> planes)
    {
        var width = planes.Length / ImageResizer.Channels;
        var first = planes[..width];
        var second = planes.Slice(width, width);
        var third = planes.Slice(2 * width, width);
        for (var x = 0; x < width; x++)
        {
            var pixel = pixels.Slice(x * ImagePixels.Depth, ImagePixels.Depth);
            (first[x], second[x], third[x]) = (pixel[red], pixel[1], pixel[blue]);
            if (pixel[3] == byte.MaxValue)
                continue;
            var opacity = pixel[3] / 255f;
            var (scale, rest) = (isPremultiplied ? 1 : opacity, Options.Background * (1 - opacity));
            first[x] = first[x] * scale + rest;
            second[x] = second[x] * scale + rest;
            third[x] = third[x] * scale + rest;
        }
    }
}
