using System.Globalization;

namespace Microsoft.ML.GentleClip.Data.Pictures;

/// <summary>What the scan of a picture file found, and the words in which it says what is wrong.</summary>
internal sealed class PictureFacts
{
    private bool _hasOrientation;

    public int Width { get; set; }

    public int Height { get; set; }

    public int Orientation { get; private set; } = 1;

    public long Pixels => (long)Width * Height;

    /// <summary>Takes the orientation of an EXIF block; the first block that has one counts.</summary>
    public void ReadExif(ReadOnlySpan<byte> tiff)
    {
        if (_hasOrientation || ExifOrientation.Find(tiff) is not { } orientation)
            return;
        (Orientation, _hasOrientation) = (orientation, true);
    }

    /// <summary>The words for a file that ends too early.</summary>
    public static string CutShort(int length, string where) =>
        string.Create(CultureInfo.InvariantCulture, $"the file is cut short: it ends after {length} bytes, {where}");

    /// <summary>The words for a file whose middle is wrong.</summary>
    public static string Damaged(int at, string found) =>
        string.Create(CultureInfo.InvariantCulture, $"the file is damaged at byte {at}: {found}");
}
