using System.Globalization;
using SkiaSharp;

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

    /// <summary>Turns a bitmap upright, if the options say so, and scales it into the target.</summary>
    /// <param name="bitmap">Of 32 bits a pixel.</param>
    /// <param name="orientation">1 to 8, as EXIF counts.</param>
    protected void Resize(SKBitmap bitmap, int orientation)
    {
        var rows = new UprightRows(bitmap, options.ApplyOrientation ? orientation : 1, options.Background);
        Resizer.Resize(rows.Width, rows.Height, rows.Copy, Target);
    }

    /// <summary>Says what is wrong with a picture of so many pixels, or null.</summary>
    protected string? CheckSize(long width, long height) => PictureDecoder.CheckSize(width, height, options.MaximumPixels);

    /// <summary>The error for a picture that cannot be used.</summary>
    protected static InvalidOperationException Unreadable(DataViewRow row, string column, FileNames names, string problem,
        Exception? inner = null) => UnreadablePicture.Error(
        string.Create(CultureInfo.InvariantCulture, $"Row {row.Position}, column '{column}': the picture cannot be loaded{names.Describe(problem)}: {problem}"),
            problem, inner);
}
