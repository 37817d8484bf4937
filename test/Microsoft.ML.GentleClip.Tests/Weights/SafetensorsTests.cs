using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Weights;

[TestClass]
public sealed class SafetensorsTests
{
    private static readonly string Zoo = GoldenWeights.PathOf("loader_zoo");

    [TestMethod]
    [DataRow("zoo.safetensors", 15)]
    [DataRow("zoo_unpadded_no_metadata.safetensors", 3)]
    public void ReadsWhatTheReferenceWrote(string file, int count)
    {
        using var scope = NewDisposeScope();
        using var tensors = SafetensorsReader.Read(Path.Combine(Zoo, file));
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Zoo, "zoo.json")));
        Assert.HasCount(count, tensors);
        GoldenWeights.AssertEqual(json.RootElement.GetProperty(file), tensors);
        if (tensors.ContainsKey("specials"))
            Assert.IsTrue(double.IsNegative(GoldenWeights.Doubles(tensors["specials"])[2]), "-0.0");
    }

    [TestMethod]
    public void WritesTheBytesThatTheReferenceWrote()
    {
        var expected = File.ReadAllBytes(Path.Combine(Zoo, "zoo.safetensors"));
        using var tensors = SafetensorsReader.Read(Path.Combine(Zoo, "zoo.safetensors"));
        CollectionAssert.AreEqual(expected, Written(tensors, tensors.Metadata));
        // the order in which tensors and texts come does not matter
        CollectionAssert.AreEqual(expected, Written(
            new Dictionary<string, Tensor>(tensors.Reverse()), new Dictionary<string, string>(tensors.Metadata.Reverse())));
    }

    [TestMethod]
    [DataRow(ScalarType.Float32)]
    [DataRow(ScalarType.Float64)]
    [DataRow(ScalarType.Float16)]
    [DataRow(ScalarType.BFloat16)]
    [DataRow(ScalarType.Int64)]
    [DataRow(ScalarType.Int32)]
    [DataRow(ScalarType.Int16)]
    [DataRow(ScalarType.Int8)]
    [DataRow(ScalarType.Byte)]
    [DataRow(ScalarType.Bool)]
    public void EveryTypeAndLayoutReturnsBitForBit(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var table = arange(12, float32).sub(5.5).reshape(3, 4).to(type);
        var tensors = new Dictionary<string, Tensor>
        {
            ["table"] = table,
            ["transposed"] = table.t(),
            ["column"] = table.select(1, 2),
            ["scalar"] = table[1, 1],
            ["empty"] = table.narrow(0, 0, 0),
        };
        if (table.is_floating_point())
        {
            tensors["not a number"] = full(2, double.NaN, dtype: type);
            tensors["parameter"] = table.clone().requires_grad_();
        }
        using var again = SafetensorsReader.Read(new MemoryStream(Written(tensors)), "memory");
        Assert.HasCount(tensors.Count, again);
        foreach (var (name, tensor) in tensors)
        {
            Assert.AreEqual(type, again[name].dtype);
            CollectionAssert.AreEqual(tensor.shape, again[name].shape, name);
            Assert.IsTrue(tensor.detach().contiguous().bytes.SequenceEqual(again[name].bytes), name);
        }
    }

    [TestMethod]
    public void DataAreAlignedAndHeaderPadded()
    {
        using var scope = NewDisposeScope();
        var file = Written(new Dictionary<string, Tensor> { ["b"] = ones(3, uint8), ["a"] = ones(1, float32), ["c"] = ones(1, float64) });
        var length = BitConverter.ToInt64(file);
        Assert.AreEqual(0, length % 8);
        Assert.AreEqual(8 + length + 15, file.Length);
        Assert.AreEqual(
            """{"c":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"b":{"dtype":"U8","shape":[3],"data_offsets":[12,15]}}""",
            Encoding.UTF8.GetString(file, 8, (int)length).TrimEnd(' '));
    }

    [TestMethod]
    public void ReadsFromAZipEntryThatCannotSeek()
    {
        using var zip = new MemoryStream();
        using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
        using (var entry = archive.CreateEntry("weights.safetensors").Open())
            entry.Write(File.ReadAllBytes(Path.Combine(Zoo, "zoo.safetensors")));
        using var opened = new ZipArchive(zip).GetEntry("weights.safetensors")!.Open();
        Assert.IsFalse(opened.CanSeek);
        using var tensors = SafetensorsReader.Read(opened, "model.zip/weights.safetensors");
        Assert.AreEqual(42, tensors["scalar_i64"].item<long>());
        Assert.Contains("model.zip/weights.safetensors: no tensor 'x'", Assert.ThrowsExactly<KeyNotFoundException>(() => tensors["x"]).Message);
    }

    [TestMethod]
    public void ReadsFromTheStreamsPositionOn()
    {
        using var stream = new MemoryStream([1, 2, 3, .. File.ReadAllBytes(Path.Combine(Zoo, "zoo.safetensors"))]) { Position = 3 };
        using var tensors = SafetensorsReader.Read(stream, "memory");
        Assert.HasCount(15, tensors);
    }

    [TestMethod]
    public void WriterRefusesWhatTheFormatLacks()
    {
        using var scope = NewDisposeScope();
        Assert.Contains("'z'",
            Assert.ThrowsExactly<NotSupportedException>(() => Written(new Dictionary<string, Tensor> { ["z"] = zeros(1, complex64) })).Message);
        Assert.ThrowsExactly<ArgumentException>(() => Written(new Dictionary<string, Tensor> { ["__metadata__"] = zeros(1) }));
        Assert.ThrowsExactly<ArgumentException>(() => Written(new Dictionary<string, Tensor> { ["\ud800"] = zeros(1) }));
        Assert.ThrowsExactly<ArgumentException>(() => Written(new Dictionary<string, Tensor>(), new Dictionary<string, string> { ["a"] = "\ud800" }));
    }

    private static byte[] Written(IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, tensors, metadata);
        return stream.ToArray();
    }
}
