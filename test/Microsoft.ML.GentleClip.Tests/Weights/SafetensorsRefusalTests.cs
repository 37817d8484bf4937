using System.Buffers.Binary;
using System.Text;
using Microsoft.ML.GentleClip.Weights;

namespace Microsoft.ML.GentleClip.Tests.Weights;

[TestClass]
public sealed class SafetensorsRefusalTests
{
    private static readonly string Zoo = Path.Combine(AppContext.BaseDirectory, "data", "golden", "encoders", "loader_zoo");

    [TestMethod]
    [DataRow("bad_header_length.safetensors", "the header")]
    [DataRow("bad_offset.safetensors", "tensor 'f64': F64 of shape [3, 2] takes 48 bytes, found 39")]
    [DataRow("bad_truncated.safetensors", "the tensors take 253 bytes, found 248")]
    public void DamagedFilesAreRefused(string file, string reason)
    {
        var path = Path.Combine(Zoo, file);
        var e = Assert.ThrowsExactly<InvalidDataException>(() => SafetensorsReader.Read(path));
        Assert.StartsWith(path, e.Message);
        Assert.Contains(reason, e.Message);
    }

    [TestMethod]
    [DataRow("", 0, "not JSON")]
    [DataRow(" {}", 0, "starts with '{'")]
    [DataRow("[]", 0, "starts with '{'")]
    [DataRow("{", 0, "not valid JSON")]
    [DataRow("{} x", 0, "not valid JSON")]
    [DataRow("{}", 1, "the tensors take 0 bytes, found 1")]
    [DataRow("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "two entries 'a'")]
    [DataRow("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\u0061":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "two entries 'a'")]
    [DataRow("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4,
        "tensor 'b': expected to begin at 4")]
    [DataRow("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[5,9]}}""", 9,
        "tensor 'b': expected to begin at 4")]
    [DataRow("""{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}""", 1, "tensor 'a': dtype 'F8_E4M3' is unknown; expected one of F64, I64")]
    [DataRow("""{"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}}""", 4, "dtype '7' is unknown")]
    [DataRow("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "F32 of shape [2] takes 8 bytes, found 4")]
    [DataRow("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "shape: expected whole numbers")]
    [DataRow("""{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}""", 4, "shape: expected whole numbers")]
    [DataRow("""{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}""", 4, "shape: expected whole numbers")]
    [DataRow("""{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", 4, "shape: expected at most 64")]
    [DataRow("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "takes too many bytes")]
    [DataRow("""{"a":{"dtype":"F32","shape":[0,4611686018427387904,4],"data_offsets":[0,0]}}""", 0, "takes too many bytes")]
    [DataRow("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "data_offsets expected [begin, end]")]
    [DataRow("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4, "data_offsets expected [begin, end]")]
    [DataRow("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", 4, "data_offsets: expected at most 2")]
    [DataRow("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,99999999999999999999]}}""", 4, "data_offsets: expected whole numbers")]
    [DataRow("""{"a":{"dtype":"F32","shape":[1]}}""", 4, "expected an object of dtype, shape and data_offsets")]
    [DataRow("""{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "each once")]
    [DataRow("""{"a":[1]}""", 0, "expected an object of dtype")]
    [DataRow("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "not valid JSON")]
    [DataRow("""{"__metadata__":[]}""", 0, "__metadata__: expected an object of texts")]
    [DataRow("""{"__metadata__":{"a":1}}""", 0, "__metadata__ 'a': expected one text")]
    [DataRow("""{"__metadata__":{"a":"1","a":"2"}}""", 0, "__metadata__ 'a': expected one text")]
    [DataRow("""{"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}""", 1, "BOOL expects bytes 0 and 1")]
    public void MalformedHeadersAreRefused(string json, int dataLength, string reason)
    {
        var e = Assert.ThrowsExactly<InvalidDataException>(() => Read([.. FileOf(json), .. Enumerable.Repeat((byte)2, dataLength)]));
        Assert.StartsWith("memory: ", e.Message);
        Assert.Contains(reason, e.Message);
    }

    [TestMethod]
    public void InvalidUtf8IsRefused() =>
        Assert.Contains("UTF-8", Assert.ThrowsExactly<InvalidDataException>(() => Read([.. FileOf("{}     ")[..9], 0xff, .. "     }"u8])).Message);

    [TestMethod]
    public void NothingIsAllocatedForSizesThatTheFileLacks()
    {
        var header = new byte[1000];
        BinaryPrimitives.WriteInt64LittleEndian(header, SafetensorsHeader.MaximumLength); // allowed, but not there
        var tensor = FileOf("""{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}""");
        var (managed, native) = (GC.GetAllocatedBytesForCurrentThread(), Environment.WorkingSet);
        foreach (var file in (byte[][])[header, tensor])
            Assert.ThrowsExactly<InvalidDataException>(() => Read(file));
        Assert.IsLessThan(4_000_000, GC.GetAllocatedBytesForCurrentThread() - managed);
        Assert.IsLessThan(100_000_000, Environment.WorkingSet - native);
    }

    [TestMethod]
    public void EveryTruncationIsRefused()
    {
        var whole = File.ReadAllBytes(Path.Combine(Zoo, "zoo.safetensors"));
        for (var length = 0; length < whole.Length; length++)
            Assert.ThrowsExactly<InvalidDataException>(() => Read(whole[..length]), $"length {length}");
        Assert.ThrowsExactly<InvalidDataException>(() => Read([.. whole, 0]));
    }

    [TestMethod]
    public void MutatedFilesAreReadOrRefusedAndLeakNothing()
    {
        var (whole, random) = (File.ReadAllBytes(Path.Combine(Zoo, "zoo.safetensors")), new Random(5));
        var (live, refused) = (LiveTensors.Settled(), 0);
        for (var round = 0; round < 2000; round++)
        {
            var file = whole.ToList();
            for (var n = random.Next(1, 4); n > 0; n--)
            {
                var at = random.Next(file.Count);
                switch (random.Next(4))
                {
                    case 0: file[at] ^= (byte)(1 << random.Next(8)); break;
                    case 1: file[at] = (byte)"{}[]\",:0129-e."[random.Next(14)]; break;
                    case 2: file.RemoveRange(at, Math.Min(random.Next(1, 9), file.Count - at)); break;
                    default: file.InsertRange(at, file.GetRange(at, Math.Min(random.Next(1, 20), file.Count - at))); break;
                }
                if (random.Next(2) == 0 && file.Count > 8) // half the time with the length put right, to get past it
                    BinaryPrimitives.WriteInt64LittleEndian(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(file), Math.Max(0, file.Count - 8 - 253));
            }
            try
            {
                Read([.. file]);
            }
            catch (InvalidDataException e)
            {
                refused++;
                Assert.StartsWith("memory: ", e.Message, $"round {round}");
            }
        }
        LiveTensors.AssertAtMost(live);
        Assert.IsGreaterThan(1000, refused);
        Assert.IsLessThan(2000, refused);
    }

    private static void Read(byte[] file) => SafetensorsReader.Read(new MemoryStream(file), "memory").Dispose();

    private static byte[] FileOf(string json)
    {
        var text = Encoding.UTF8.GetBytes(json);
        return [.. BitConverter.GetBytes((long)text.Length), .. text];
    }
}
