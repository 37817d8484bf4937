using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.OnnxWriter;

/// <summary>A constant of a graph: a weight, whose values are fetched when they are written, or a few numbers.</summary>
/// <param name="Name">Its name in the graph.</param>
/// <param name="Type">Of its elements.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Length">Bytes of its values.</param>
/// <param name="Write">Writes them, little-endian and row-major.</param>
internal sealed record OnnxTensor(string Name, OnnxType Type, long[] Shape, long Length, Action<Stream> Write)
{
    private const int BufferSize = 1 << 20;

    /// <summary>A weight of the model; nothing is copied until it is written.</summary>
    /// <param name="name">Its name in the graph.</param>
    /// <param name="weight">Of any device; must live until then.</param>
    /// <param name="transpose">Whether to write the transposed matrix.</param>
    public static OnnxTensor Of(string name, Tensor weight, bool transpose = false)
    {
        var length = weight.numel() * weight.element_size();
        return new OnnxTensor(name, OnnxTypes.Of(weight.dtype), transpose ? [weight.size(1), weight.size(0)] : weight.shape, length, stream =>
        {
            using var scope = NewDisposeScope();
            using var frozen = no_grad();
            var values = weight.detach();
            values = (transpose ? values.t() : values).cpu().contiguous();
            if (length > 0)
                values.WriteBytesToStream(stream, (int)Math.Min(BufferSize, length));
        });
    }

    /// <summary>Numbers.</summary>
    public static OnnxTensor Of<T>(string name, OnnxType type, long[] shape, T[] values) where T : unmanaged =>
        new(name, type, shape, Buffer.ByteLength(values), stream => stream.Write(MemoryMarshal.AsBytes<T>(values)));
}
