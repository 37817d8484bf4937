using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>Fills tensors with little-endian bytes.</summary>
internal static class TensorData
{
    private const int BufferSize = 1 << 20;

    /// <summary>Creates a tensor on the CPU and reads its elements, row-major.</summary>
    /// <param name="stream">At the first element.</param>
    /// <param name="shape">The caller has made sure that the file holds as much.</param>
    /// <param name="type">Of the elements.</param>
    /// <param name="where">File and tensor, for messages.</param>
    /// <exception cref="EndOfStreamException">The stream ends before.</exception>
    /// <exception cref="InvalidDataException">A truth value is neither 0 nor 1: libtorch's result would be undefined.</exception>
    public static Tensor Read(Stream stream, long[] shape, ScalarType type, string where)
    {
        var tensor = empty(shape, type, CPU);
        var length = tensor.numel() * tensor.element_size();
        if (length > 0)
            tensor.ReadBytesFromStream(stream, (int)Math.Min(BufferSize, length));
        if (type == ScalarType.Bool && !AreTruthValues(tensor))
            throw new InvalidDataException($"{where}: BOOL expects bytes 0 and 1, found others.");
        return tensor;
    }

    private static bool AreTruthValues(Tensor tensor)
    {
        using var flat = tensor.flatten();
        for (long start = 0, count = flat.numel(), length; start < count; start += length)
        {
            length = Math.Min(count - start, 1 << 30); // a span's length is an int
            using var part = flat.narrow(0, start, length);
            if (part.bytes.ContainsAnyExceptInRange((byte)0, (byte)1))
                return false;
        }
        return true;
    }
}
