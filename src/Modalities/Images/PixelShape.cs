using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Sizes of the pictures in a column of pixels.</summary>
/// <param name="Channels">1 for grey, 3 for red, green and blue.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Pixels of a row.</param>
internal readonly record struct PixelShape(int Channels, int Height, int Width)
{
    /// <summary>Number of values.</summary>
    public int Length => Channels * Height * Width;

    /// <summary>The sizes that a type says, or a square's where it says only how many values there are; null where neither is possible.</summary>
    public static PixelShape? Of(VectorDataViewType type)
    {
        if (type.Dimensions is [1 or ImageResizer.Channels, > 0 and var height, > 0 and var width])
            return new PixelShape(type.Dimensions[0], height, width);
        foreach (var channels in type.Dimensions.Length == 1 ? new[] { ImageResizer.Channels, 1 } : [])
        {
            var side = (int)Math.Round(Math.Sqrt((double)type.Size / channels));
            if (side > 0 && (long)channels * side * side == type.Size)
                return new PixelShape(channels, side, side);
        }
        return null;
    }
}
