using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>Numbers on their way into a graph and out of it, in whichever type the graph has.</summary>
internal static class OnnxArray
{
    /// <summary>Types that an input of tokens may have.</summary>
    public static readonly IReadOnlyList<TensorElementType> Integers = [TensorElementType.Int64, TensorElementType.Int32];

    /// <summary>Types that features, pixels and vectors may have.</summary>
    public static readonly IReadOnlyList<TensorElementType> Numbers = [TensorElementType.Float, TensorElementType.Float16, TensorElementType.Double];

    /// <summary>Whole numbers as an input of a type.</summary>
    public static OrtValue Of(TensorElementType type, long[] values, long[] shape) => type == TensorElementType.Int32
        ? Allocate<int>(type, Array.ConvertAll(values, value => checked((int)value)), shape)
        : Allocate<long>(type, values, shape);

    /// <summary>Numbers as an input of a type.</summary>
    public static OrtValue Of(TensorElementType type, float[] values, long[] shape) => type switch
    {
        TensorElementType.Float16 => Allocate<Float16>(type, Array.ConvertAll(values, value => new Float16(BitConverter.HalfToUInt16Bits((Half)value))), shape),
        TensorElementType.Double => Allocate<double>(type, Array.ConvertAll(values, value => (double)value), shape),
        TensorElementType.UInt8 => Allocate<byte>(type, Array.ConvertAll(values, value => (byte)MathF.Round(value)), shape),
        _ => Allocate<float>(type, values, shape),
    };

    /// <summary>Numbers of an output.</summary>
    public static float[] Read(OrtValue value, out long[] shape)
    {
        var info = value.GetTensorTypeAndShape();
        shape = info.Shape;
        return info.ElementDataType switch
        {
            TensorElementType.Float16 =>
                Array.ConvertAll(value.GetTensorDataAsSpan<Float16>().ToArray(), half => (float)BitConverter.UInt16BitsToHalf(half.value)),
            TensorElementType.Double => Array.ConvertAll(value.GetTensorDataAsSpan<double>().ToArray(), number => (float)number),
            _ => value.GetTensorDataAsSpan<float>().ToArray(),
        };
    }

    // In memory that ONNX Runtime aligns: sums over managed arrays would differ in the last bit with where they happen to lie.
    private static OrtValue Allocate<T>(TensorElementType type, T[] values, long[] shape) where T : unmanaged
    {
        var tensor = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, type, shape);
        values.CopyTo(tensor.GetTensorMutableDataAsSpan<T>());
        return tensor;
    }
}
