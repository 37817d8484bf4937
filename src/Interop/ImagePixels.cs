using System.Runtime.CompilerServices;
using Microsoft.ML.Data;
using SkiaSharp;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>
/// The pixels of ML.NET's images. <see cref="MLImage.Pixels"/> calls a method that SkiaSharp has lost in version 3; the bitmap behind it can be
/// read in every version.
/// </summary>
internal static class ImagePixels
{
    /// <summary>The bitmap that holds the pixels, four bytes each; the image's own, valid as long as that is alive and not disposed.</summary>
    public static SKBitmap Of(MLImage image) => Bitmap(image);

    /// <summary>Whether the image was disposed, so that there are no pixels to read.</summary>
    public static bool IsDisposed(MLImage image) => Bitmap(image) is not { } bitmap || bitmap.Handle == 0;

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_image")]
    private static extern ref SKBitmap Bitmap(MLImage image);
}
