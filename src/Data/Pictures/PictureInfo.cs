using Microsoft.ML.GentleClip.Data.Pictures;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// What a picture file says of itself, read without decoding it: size, orientation, and whether the file is whole. <see cref="Modality.Image"/> asks this of
/// every file before it is used; a program can ask it beforehand, to leave out what would be refused.
/// </summary>
/// <remarks>
/// A file that was cut short anywhere is found in all five formats, damage in the middle where the format has checksums (PNG) or the damage breaks
/// its structure.
/// </remarks>
public sealed class PictureInfo
{
    private PictureInfo(PictureFormat format, PictureFacts facts, string? problem)
    {
        (Format, Width, Height, Orientation, Problem) = (format, facts.Width, facts.Height, facts.Orientation, problem);
    }

    /// <summary>The format.</summary>
    public PictureFormat Format { get; }

    /// <summary>Width in pixels as stored, before it is turned upright; 0 where the file does not say it.</summary>
    public int Width { get; }

    /// <summary>Height in pixels as stored, before it is turned upright; 0 where the file does not say it.</summary>
    public int Height { get; }

    /// <summary>
    /// How the stored pixels are to be shown, 1 to 8 as EXIF counts: 1 as they are, 3 turned by half, 6 and 8 by a quarter to the right and to the
    /// left, the others
    /// mirrored. 1 where the file does not say it. From JPEG's and WEBP's EXIF and PNG's eXIf.
    /// </summary>
    public int Orientation { get; }

    /// <summary>What is wrong with the file, in words, e.g. that it is cut short and where; null where nothing was found.</summary>
    public string? Problem { get; }

    /// <summary>Width times height.</summary>
    internal long Pixels => (long)Width * Height;

    /// <summary>Reads what a file says of itself.</summary>
    /// <param name="file">The whole file's bytes.</param>
    public static PictureInfo Read(ReadOnlySpan<byte> file)
    {
        var facts = new PictureFacts();
        var format = FormatOf(file);
        var problem = format switch
        {
            PictureFormat.Jpeg => JpegFile.Scan(file, facts),
            PictureFormat.Png => PngFile.Scan(file, facts),
            PictureFormat.Webp => WebpFile.Scan(file, facts),
            PictureFormat.Gif => GifFile.Scan(file, facts),
            PictureFormat.Bmp => BmpFile.Scan(file, facts),
            _ => file.IsEmpty ? "the file is empty" : "the first bytes are those of no format known here (JPEG, PNG, WEBP, GIF, BMP)",
        };
        if (problem is null && facts.Pixels == 0)
            problem = $"the picture has {facts.Width} x {facts.Height} pixels";
        return new PictureInfo(format, facts, problem);
    }

    private static PictureFormat FormatOf(ReadOnlySpan<byte> file)
    {
        if (file.StartsWith(JpegFile.Signature))
            return PictureFormat.Jpeg;
        if (file.StartsWith(PngFile.Signature))
            return PictureFormat.Png;
        if (file.StartsWith("RIFF"u8) && file.Length >= 12 && file[8..12].SequenceEqual("WEBP"u8))
            return PictureFormat.Webp;
        if (file.StartsWith("GIF87a"u8) || file.StartsWith("GIF89a"u8))
            return PictureFormat.Gif;
        return file.StartsWith("BM"u8) && file.Length >= BmpFile.HeaderLength ? PictureFormat.Bmp : PictureFormat.Unknown;
    }
}
