using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>A tensor of a safetensors file as it stands there.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Of the elements.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Bytes">The values, little-endian and row-major.</param>
internal sealed record RawTensor(string Name, ScalarType Type, long[] Shape, byte[] Bytes);

/// <summary>A safetensors file in arrays, read without libtorch.</summary>
/// <param name="source">File or zip entry, for messages.</param>
/// <param name="header">What stands before the tensors.</param>
/// <param name="tensors">In the file's order.</param>
internal sealed class RawWeights(string source, SafetensorsHeader header, IReadOnlyList<RawTensor> tensors)
{
    /// <summary>Where the tensors come from, for messages.</summary>
    public string Source => source;

    /// <summary>The tensors in the file's order.</summary>
    public IReadOnlyList<RawTensor> Tensors => tensors;

    /// <summary>Numbers of a tensor of float32.</summary>
    /// <exception cref="InvalidDataException">There is none of the name, or it is of another type or length.</exception>
    public float[] Singles(string name, long? length = null)
    {
        var tensor = tensors.FirstOrDefault(tensor => tensor.Name == name) ?? throw new InvalidDataException($"{source}: tensor '{name}' is missing.");
        var values = tensor.Type == ScalarType.Float32 ? MemoryMarshal.Cast<byte, float>(tensor.Bytes).ToArray() : null;
        return values is not null && (length ?? values.Length) == values.Length ? values : throw new InvalidDataException(
            $"{source}: tensor '{name}': expected {length?.ToString() ?? "any"} numbers of float32, found {tensor.Type} [{string.Join(", ", tensor.Shape)}].");
    }

    /// <summary>Writes the file again, from the stream's position on.</summary>
    public void Write(Stream stream)
    {
        stream.Write(header.ToBytes());
        foreach (var tensor in tensors)
            stream.Write(tensor.Bytes);
    }
}
