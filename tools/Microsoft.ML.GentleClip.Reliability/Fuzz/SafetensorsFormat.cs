using System.Buffers.Binary;
using System.Text;
using Microsoft.ML.GentleClip.Weights;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>Safetensors files: bytes anywhere, and headers whose length is right again after the change.</summary>
internal sealed class SafetensorsFormat : FuzzFormat
{
    public static readonly byte[][] Tokens = [.. new[]
    {
        "{", "}", "[", "]", "\"", ",", ":", "\\", "\\u0000", "\\ud800", "null", "true", "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"F64\"", "\"BOOL\"",
            "\"I8\"", "__metadata__", "0", "-1", "1e3",
        "18446744073709551616", "4294967296", "[0,0]", "{}", " ", "\0", "é",
    }.Select(Encoding.UTF8.GetBytes)];

    private readonly byte[][] _files = [Seeds.Read("zoo.safetensors"), Seeds.Read("head.safetensors")];

    public override string Name => "safetensors";

    public override int Weight => 200;

    public override byte[] Make(Random random)
    {
        var which = random.Next(_files.Length);
        return Mutated(_files[which], _files[1 - which], random);
    }

    /// <summary>A broken copy.</summary>
    public static byte[] Mutated(byte[] file, byte[] other, Random random)
    {
        var mutator = new ByteMutator(random, Tokens);
        if (random.Next(3) == 0)
            return mutator.Mutate(file, other);
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        var header = mutator.Mutate(file[8..(8 + length)], other);
        var prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
        return [.. prefix, .. header, .. file[(8 + length)..]];
    }

    public override void Read(byte[] file)
    {
        using var tensors = SafetensorsReader.Read(new MemoryStream(file), "broken");
        Seeds.CheckTensors(tensors, file.Length, growth: 1);
    }
}
