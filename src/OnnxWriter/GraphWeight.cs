using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.OnnxWriter;

/// <summary>A weight that graphs are made from: a tensor, or an array of a process that has no libtorch.</summary>
internal abstract class GraphWeight
{
    /// <summary>Its sizes.</summary>
    public abstract IReadOnlyList<long> Shape { get; }

    /// <summary>The weight as a constant of a graph; its values are fetched when they are written.</summary>
    /// <param name="name">Its name in the graph.</param>
    /// <param name="transpose">Whether to write the transposed matrix.</param>
    public abstract OnnxTensor Named(string name, bool transpose = false);

    /// <summary>Its values, little-endian and row-major.</summary>
    public abstract byte[] ToBytes();

    /// <summary>A tensor, of any device, which must live as long as this is used.</summary>
    public static GraphWeight Of(Tensor tensor) => new TensorWeight(tensor);

    /// <summary>Numbers.</summary>
    /// <param name="type">Of the elements.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="bytes">The values, little-endian and row-major.</param>
    public static GraphWeight Of(OnnxType type, long[] shape, ReadOnlyMemory<byte> bytes) => new ArrayWeight(type, shape, bytes);

    /// <summary>A weight that no graph can have, which matters where one asks for it.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="problem">Why, in a sentence.</param>
    public static GraphWeight Unusable(long[] shape, string problem) => new UnusableWeight(shape, problem);

    /// <summary>Tensors by name.</summary>
    public static Dictionary<string, GraphWeight> Of(IEnumerable<KeyValuePair<string, Tensor>> tensors) =>
        tensors.ToDictionary(entry => entry.Key, entry => Of(entry.Value), StringComparer.Ordinal);

    /// <summary>The values of a weight of float64.</summary>
    /// <exception cref="InvalidDataException">It is of another type.</exception>
    public double[] ToDoubles(string name)
    {
        var type = Named(name).Type;
        return type == OnnxType.Double
            ? MemoryMarshal.Cast<byte, double>(ToBytes()).ToArray()
            : throw new InvalidDataException($"Tensor '{name}': expected float64, found {type}.");
    }

    private sealed class UnusableWeight(long[] shape, string problem) : GraphWeight
    {
        public override IReadOnlyList<long> Shape => shape;

        public override OnnxTensor Named(string name, bool transpose) => throw new InvalidDataException(problem);

        public override byte[] ToBytes() => throw new InvalidDataException(problem);
    }

    private sealed class TensorWeight(Tensor tensor) : GraphWeight
    {
        public override IReadOnlyList<long> Shape => tensor.shape;

        public override OnnxTensor Named(string name, bool transpose) => OnnxTensor.Of(name, tensor, transpose);

        public override byte[] ToBytes()
        {
            using var scope = NewDisposeScope();
            return tensor.detach().cpu().contiguous().bytes.ToArray();
        }
    }

    private sealed class ArrayWeight(OnnxType type, long[] shape, ReadOnlyMemory<byte> bytes) : GraphWeight
    {
        public override IReadOnlyList<long> Shape => shape;

        public override OnnxTensor Named(string name, bool transpose) => transpose
            ? new OnnxTensor(name, type, [shape[1], shape[0]], bytes.Length, stream => WriteTransposed(stream))
            : new OnnxTensor(name, type, shape, bytes.Length, stream => stream.Write(bytes.Span));

        public override byte[] ToBytes() => bytes.ToArray();

        // A row of the result at a time.
        private void WriteTransposed(Stream stream)
        {
            if (bytes.Length == 0)
                return;
            var (rows, columns) = ((int)shape[0], (int)shape[1]);
            var size = bytes.Length / rows / columns;
            var row = new byte[rows * size];
            for (var column = 0; column < columns; column++)
            {
                for (var i = 0; i < rows; i++)
                    bytes.Span.Slice((i * columns + column) * size, size).CopyTo(row.AsSpan(i * size));
                stream.Write(row);
            }
        }
    }
}
