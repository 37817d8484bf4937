using System.Runtime.CompilerServices;
using Microsoft.ML.Data;
using SkiaSharp;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>
/// The pixels of ML.NET's images. <see cref="MLImage.Pixels"/> calls a method that SkiaSharp has lost in version 3; the bitmap behind it can be
/// read in every version.
/// </summary>
internal static unsafe class ImagePixels
{
    /// <summary>Bytes of a pixel.</summary>
    public const int Depth = 4;

    /// <summary>A row's pixels, four bytes each; valid as long as the image is alive and not disposed.</summary>
    public static ReadOnlySpan<byte> Row(MLImage image, int row)
    {
        var bitmap = Bitmap(image);
        return new ReadOnlySpan<byte>((byte*)bitmap.GetPixels() + (long)row * bitmap.RowBytes, bitmap.Width * Depth);
    }

    /// <summary>Whether the colours are multiplied by the opacity already.</summary>
    public static bool IsPremultiplied(MLImage image) => Bitmap(image).AlphaType != SKAlphaType.Unpremul;

    /// <summary>Whether the image was disposed, so that there are no pixels to read.</summary>
    public static bool IsDisposed(MLImage image) => Bitmap(image) is not { } bitmap || bitmap.Handle == 0;

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_image")]
    private static extern ref SKBitmap Bitmap(MLImage image);
}
