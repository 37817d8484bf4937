using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>
/// Reads a column of ML.NET's images. These were decoded before they come here, and a decoder that meets half a file gives half a picture without a word. But
/// <c>LoadImages</c> leaves the file's path in the image's tag, and ML.NET's resizing and greying hand it on: that file is looked at once more.
/// </summary>
/// <param name="row">For the row's number in messages.</param>
/// <param name="column">For its name in messages.</param>
/// <param name="names">Columns of text of which one may name the picture's file.</param>
/// <param name="options">How pictures are prepared.</param>
internal sealed class ImageReader(DataViewRow row, DataViewSchema.Column column, IReadOnlyList<DataViewSchema.Column> names,
    ImageOptions options) : PictureReader(options)
{
    private readonly ValueGetter<MLImage> _getter = row.GetGetter<MLImage>(column);
    private readonly FileNames _names = new(row, names);
    private MLImage? _image;
    private string _problem = "";

    /// <inheritdoc/>
    public override string Problem => _problem;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The picture cannot be loaded, is cut short, damaged or too large; names row, column and file.</exception>
    public override Presence Read()
    {
        try
        {
            _getter(ref _image!); // the former one is the getter's to free, as it may be the user's own
        }
        catch (Exception exception) when (exception is not (OutOfMemoryException or OperationCanceledException))
        {
            _image = null;
            throw Unreadable(row, column.Name, _names, exception.Message, exception);
        }
        if (_image is null)
            return Presence.Absent;
        if (ImagePixels.IsDisposed(_image) || _image.Width < 1 || _image.Height < 1 || _image.PixelFormat == MLPixelFormat.Unknown)
        {
            var found = ImagePixels.IsDisposed(_image) ? "was disposed" : $"has {_image.Width} x {_image.Height} pixels of format {_image.PixelFormat}";
            _problem = $"the image {found}{_names.Describe("")}; expected one of 32 bits a pixel";
            return Presence.Invalid;
        }
        var (problem, orientation) = (CheckSize(_image.Width, _image.Height), 1);
        if (problem is null && _image.Tag is { Length: > 0 } path && File.Exists(path))
            problem = CheckFile(path, out orientation);
        if (problem is not null)
            throw Unreadable(row, column.Name, _names, problem);
        Resize(ImagePixels.Of(_image), orientation);
        return Presence.Present;
    }

    // Not its size: the image may have been made smaller since.
    private static string? CheckFile(string path, out int orientation)
    {
        orientation = 1;
        byte[] file;
        try
        {
            file = File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"its file '{path}' cannot be checked: {exception.Message}";
        }
        if (PictureDecoder.Check(file, int.MaxValue, out orientation) is { } problem)
            return $"{problem} ('{path}')";
        // A format without a check of its own: whether the decoder gets all of it.
        if (PictureInfo.Read(file).Format != PictureFormat.Unknown)
            return null;
        using var bitmap = PictureDecoder.Decode(file, int.MaxValue, out _, out problem);
        return bitmap is null ? $"{problem} ('{path}')" : null;
    }
}
