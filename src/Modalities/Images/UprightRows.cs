using SkiaSharp;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>The rows of a bitmap as a viewer shows them: turned upright, over the background where it is transparent.</summary>
/// <param name="bitmap">Of 32 bits a pixel; must live as long as rows are read.</param>
/// <param name="orientation">1 to 8, as EXIF counts: how the stored pixels are to be shown.</param>
/// <param name="background">Grey behind transparent pixels, 0 to 255.</param>
internal sealed unsafe class UprightRows(SKBitmap bitmap, int orientation, int background)
{
    private const int Depth = 4;

    private readonly byte* _pixels = (byte*)bitmap.GetPixels();
    private readonly long _stride = bitmap.RowBytes;
    private readonly int _storedWidth = bitmap.Width, _storedHeight = bitmap.Height;
    private readonly int _red = bitmap.ColorType == SKColorType.Rgba8888 ? 0 : 2;
    private readonly bool _isPremultiplied = bitmap.AlphaType != SKAlphaType.Unpremul;

    /// <summary>Width when upright.</summary>
    public int Width => IsTurned ? _storedHeight : _storedWidth;

    /// <summary>Height when upright.</summary>
    public int Height => IsTurned ? _storedWidth : _storedHeight;

    // 5 to 8 swap the sides.
    private bool IsTurned => orientation >= 5;

    /// <summary>Fetches a row as planes of red, green and blue, <c>[3, width]</c>, values from 0 to 255.</summary>
    public void Copy(int y, Span<float> planes)
    {
        var (start, step) = Line(y);
        var width = planes.Length / ImageResizer.Channels;
        var first = planes[..width];
        var second = planes.Slice(width, width);
        var third = planes.Slice(2 * width, width);
        var pixel = _pixels + start;
        for (var x = 0; x < width; x++, pixel += step)
        {
            (first[x], second[x], third[x]) = (pixel[_red], pixel[1], pixel[2 - _red]);
            if (pixel[3] == byte.MaxValue)
                continue;
            var opacity = pixel[3] / 255f;
            var (scale, rest) = (_isPremultiplied ? 1 : opacity, background * (1 - opacity));
            first[x] = first[x] * scale + rest;
            second[x] = second[x] * scale + rest;
            third[x] = third[x] * scale + rest;
        }
    }

    // Where the upright picture's row y begins among the stored pixels, and how far its next pixel is.
    private (long Start, long Step) Line(int y)
    {
        var (right, bottom) = (_storedWidth - 1, _storedHeight - 1);
        return orientation switch
        {
            2 => (At(right, y), -Depth),               // mirrored
            3 => (At(right, bottom - y), -Depth),      // turned by half
            4 => (At(0, bottom - y), Depth),           // upside down, mirrored
            5 => (At(y, 0), _stride),                  // mirrored along the falling diagonal
            6 => (At(y, bottom), -_stride),            // to be turned to the right
            7 => (At(right - y, bottom), -_stride),    // mirrored along the rising diagonal
            8 => (At(right - y, 0), _stride),          // to be turned to the left
            _ => (At(0, y), Depth),
        };
    }

    private long At(int x, int y) => y * _stride + (long)x * Depth;
}
