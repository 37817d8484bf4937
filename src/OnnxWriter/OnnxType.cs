using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.OnnxWriter;

/// <summary>Element types, numbered as in <c>TensorProto.DataType</c>.</summary>
internal enum OnnxType
{
    /// <summary>float32.</summary>
    Single = 1,

    /// <summary>int64.</summary>
    Int64 = 7,

    /// <summary>Truth values.</summary>
    Boolean = 9,

    /// <summary>float64.</summary>
    Double = 11,

    /// <summary>Keys of ML.NET.</summary>
    UInt32 = 12,
}

/// <summary>Conversions of <see cref="OnnxType"/>.</summary>
internal static class OnnxTypes
{
    /// <summary>The type of a tensor's elements.</summary>
    /// <exception cref="NotSupportedException">Any but float32, float64 and int64.</exception>
    public static OnnxType Of(ScalarType type) => type switch
    {
        ScalarType.Float32 => OnnxType.Single,
        ScalarType.Float64 => OnnxType.Double,
        ScalarType.Int64 => OnnxType.Int64,
        _ => throw new NotSupportedException($"Weights of type {type} cannot be written as ONNX; expected float32, float64 or int64."),
    };
}
