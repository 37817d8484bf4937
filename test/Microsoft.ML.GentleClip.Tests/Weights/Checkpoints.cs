using System.IO.Compression;
using System.Text;
using Microsoft.ML.GentleClip.Weights;

namespace Microsoft.ML.GentleClip.Tests.Weights;

/// <summary>Writes checkpoints by hand, good and hostile. Pickles are written as texts whose characters are their bytes.</summary>
internal static class Checkpoints
{
    public const string Start = "\u0080\u0002";

    public static byte[] Bytes(string pickle) => Encoding.Latin1.GetBytes(pickle);

    public static string Text(string value) => $"X{Number(value.Length, 4)}{value}";

    public static string Integer(long value) => $"\u008a\b{Number(value, 8)}";

    public static string Number(long value, int size) => Encoding.Latin1.GetString(BitConverter.GetBytes(value), 0, size);

    public static string Tuple(params IEnumerable<string> values) => $"({string.Concat(values)}t";

    public static string Global(string name) => $"c{name[..name.LastIndexOf('.')]}\n{name[(name.LastIndexOf('.') + 1)..]}\n";

    public static string Storage(string key = "0", string type = "torch.FloatStorage", long count = 6) =>
        Tuple(Text("storage"), Global(type), Text(key), Text("cpu"), Integer(count)) + "Q";

    /// <summary>A view of a storage; the storage "0" that <see cref="Zip(string)"/> writes has six floats.</summary>
    public static string Tensor(long[] shape, long[] strides, long offset = 0, string? storage = null) =>
        Global("torch._utils._rebuild_tensor_v2")
        + Tuple(storage ?? Storage(), Integer(offset), Tuple(shape.Select(Integer)), Tuple(strides.Select(Integer)), "\u0089",
            Global("collections.OrderedDict") + ")R") + "R";

    /// <summary>A dictionary with one tensor.</summary>
    public static string Single(string tensor) => $"{Start}}}{Text("w")}{tensor}s.";

    public static byte[] Zip(string pickle) => Zip(Bytes(pickle));

    public static byte[] Zip(byte[] pickle) => Zip(("x/data.pkl", pickle), ("x/data/0", FirstSix));

    public static byte[] Zip(params IEnumerable<(string Name, byte[] Content)> members) => Zip(CompressionLevel.NoCompression, members);

    public static byte[] Zip(CompressionLevel level, params IEnumerable<(string Name, byte[] Content)> members)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, content) in members)
                using (var entry = archive.CreateEntry(name, level).Open())
                    entry.Write(content);
        return stream.ToArray();
    }

    public static byte[] FirstSix { get; } = [.. Enumerable.Range(0, 6).SelectMany(i => BitConverter.GetBytes((float)i))];

    public static StateDict Read(byte[] file, params string[] keys) => PyTorchCheckpointReader.Read(new MemoryStream(file), "memory", keys);

    /// <summary>Refused with a message that names the source and the reason; no tensor stays alive.</summary>
    public static void AssertRefused(byte[] file, string reason)
    {
        var live = LiveTensors.Settled();
        var e = Assert.ThrowsExactly<InvalidDataException>(() => Read(file).Dispose(), reason);
        Assert.StartsWith("memory: ", e.Message);
        Assert.Contains(reason, e.Message);
        Assert.IsLessThan(3000, e.Message.Length);
        LiveTensors.AssertAtMost(live, reason);
    }
}
