using System.Globalization;
using SkiaSharp;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>
/// Decodes picture files, the one way for columns of file contents, embedding generators and inputs of exported graphs: what the file says of itself is checked
/// first, and then the decoder has to say that it got the whole picture. The pixels are those of ML.NET's own images.
/// </summary>
internal static class PictureDecoder
{
    /// <summary>Decodes a file.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="maximumPixels">Most pixels, checked before anything of that size is allocated.</param>
    /// <param name="orientation">How the pixels are to be shown, 1 to 8 as EXIF counts.</param>
    /// <param name="problem">What is wrong, in words, where the result is null.</param>
    /// <returns>The bitmap, which the caller disposes, or null.</returns>
    public static SKBitmap? Decode(byte[] file, int maximumPixels, out int orientation, out string problem)
    {
        orientation = 1;
        if (Check(file, maximumPixels, out orientation) is { } wrong)
        {
            problem = wrong;
            return null;
        }
        using var data = SKData.CreateCopy(file);
        using var codec = SKCodec.Create(data);
        problem = codec is null ? "the bytes are no picture of a known format" : CheckSize(codec.Info.Width, codec.Info.Height, maximumPixels) ?? "";
        if (codec is null || problem.Length > 0)
            return null;
        // As SKBitmap.Decode has it, by which ML.NET reads files: without a colour space, colours multiplied by the opacity.
        var alpha = codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Premul;
        var bitmap = new SKBitmap(new SKImageInfo(codec.Info.Width, codec.Info.Height, SKImageInfo.PlatformColorType, alpha));
        var result = codec.GetPixels(bitmap.Info, bitmap.GetPixels());
        if (result == SKCodecResult.Success)
            return bitmap;
        bitmap.Dispose();
        problem = result == SKCodecResult.IncompleteInput ? "the file is cut short: its data end before the picture is whole"
            : $"the file is damaged: its data cannot be decoded ({result})";
        return null;
    }

    /// <summary>Checks what a file says of itself, without decoding it.</summary>
    /// <returns>What is wrong, in words, or null.</returns>
    public static string? Check(ReadOnlySpan<byte> file, int maximumPixels, out int orientation)
    {
        var info = PictureInfo.Read(file);
        orientation = info.Orientation;
        // The size goes first: it is said of a file of any state. Of an unknown format the decoder knows more.
        return CheckSize(info.Width, info.Height, maximumPixels) ?? (info.Format == PictureFormat.Unknown && !file.IsEmpty ? null : info.Problem);
    }

    /// <summary>Says what is wrong with a picture of so many pixels, or null.</summary>
    public static string? CheckSize(long width, long height, int maximumPixels) =>
        width * height <= maximumPixels ? null : string.Create(CultureInfo.InvariantCulture,
        $"the picture has {width} x {height} = {width * height} pixels, more than the {maximumPixels} of "
            + $"{nameof(ImageOptions)}.{nameof(ImageOptions.MaximumPixels)}");
}
