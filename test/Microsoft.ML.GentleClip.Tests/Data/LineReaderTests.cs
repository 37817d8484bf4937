using System.IO.Compression;
using System.Text;
using Microsoft.ML.GentleClip.Data;

namespace Microsoft.ML.GentleClip.Tests.Data;

[TestClass]
public sealed class LineReaderTests
{
    private static string[] Read(Stream stream, int maximumLineLength = 1 << 20, long maximumSize = 1 << 30)
    {
        using var reader = new LineReader(stream, "file", maximumLineLength, maximumSize);
        var lines = new List<string>();
        while (reader.TryRead(out var line))
        {
            lines.Add(Encoding.UTF8.GetString(line));
            Assert.AreEqual(lines.Count, reader.LineNumber);
        }
        return [.. lines];
    }

    private static MemoryStream Bytes(string text) => new(Encoding.UTF8.GetBytes(text));

    private static byte[] Gzip(string text)
    {
        var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        return bytes.ToArray();
    }

    [TestMethod]
    public void AnyLineEndWorks()
    {
        string[] expected = ["a", "b", "", "c", "", "d"];
        CollectionAssert.AreEqual(expected, Read(Bytes("a\r\nb\n\nc\r\rd")));
        CollectionAssert.AreEqual(expected, Read(new Trickle(Bytes("a\r\nb\n\nc\r\rd\n"), 1)));
        Assert.IsEmpty(Read(Bytes("")));
    }

    [TestMethod]
    public void LinesCrossBlocks()
    {
        var random = new Random(3);
        string[] expected = [.. Enumerable.Range(0, 2_000).Select(i => new string((char)('a' + i % 26), random.Next(400)) + i),
            new string('x', 200_000), "end"];
        CollectionAssert.AreEqual(expected, Read(Bytes(string.Join("\r\n", expected))));
        CollectionAssert.AreEqual(expected, Read(new Trickle(Bytes(string.Join("\r\n", expected)), 4_099)));
    }

    [TestMethod]
    public void LongLinesAndFilesAreErrors()
    {
        Assert.AreEqual("file, line 2: the line is longer than the 100 bytes that are allowed.",
            Error(Bytes("a\n" + new string('x', 101)), maximumLineLength: 100));
        Assert.AreEqual("file, line 1: the line is longer than the 100 bytes that are allowed.", Error(new Endless(), maximumLineLength: 100));
        StringAssert.EndsWith(Error(new Endless(), maximumLineLength: 1 << 30, maximumSize: 1_000_000),
            "the file is larger than the 1000000 bytes that are allowed.");
    }

    [TestMethod]
    public void OtherTextsAndBinariesAreErrors()
    {
        Assert.AreEqual("file: expected UTF-8 or ASCII text, found UTF-16.",
            Error(new MemoryStream(Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes("ATOM")).ToArray())));
        Assert.AreEqual("file, line 2: expected text, found binary data.", Error(Bytes("a\nb\0c")));
    }

    [TestMethod]
    public void GzipIsKnownByItsFirstBytes()
    {
        var packed = Gzip("a\nb\n");
        CollectionAssert.AreEqual(new[] { "a", "b" }, Read(ProteinFile.Decompressed(new MemoryStream(packed))));
        CollectionAssert.AreEqual(new[] { "a", "b", "a", "b" }, Read(ProteinFile.Decompressed(new MemoryStream([.. packed, .. packed]))),
            "gzip files may be put one behind another");
        CollectionAssert.AreEqual(new[] { "a", "b" }, Read(ProteinFile.Decompressed(Bytes("a\nb\n"))));
        CollectionAssert.AreEqual(new[] { "a" }, Read(ProteinFile.Decompressed(Bytes("a"))));
    }

    [TestMethod]
    public void BrokenGzipIsAnError()
    {
        var packed = Gzip(string.Join('\n', Enumerable.Range(0, 10_000)));
        foreach (var length in new[] { 2, 5, 10, packed.Length / 2, packed.Length - 8, packed.Length - 1 })
            AssertBroken(packed[..length]);
        AssertBroken([.. packed, .. packed[..^3]]);
        AssertBroken([0x1F, 0x8B, (byte)'H', (byte)'E']);
        foreach (var damaged in new[] { 100, packed.Length - 6, packed.Length - 2 })
        {
            var copy = packed.ToArray();
            copy[damaged] ^= 0x55;
            AssertBroken(copy);
        }

        static void AssertBroken(byte[] bytes) =>
            StringAssert.EndsWith(Error(ProteinFile.Decompressed(new MemoryStream(bytes))), ": the gzip data is damaged or cut off.");
    }

    [TestMethod]
    public void BlockedGzipEndsWithAnEmptyMember()
    {
        // bgzip, whose files every sequence tool can read, writes blocks and this one last.
        byte[] last = [0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, 6, 0, 0x42, 0x43, 2, 0, 0x1B, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        CollectionAssert.AreEqual(new[] { "ab", "c" }, Read(ProteinFile.Decompressed(new MemoryStream([.. Gzip("ab"), .. Gzip("\nc\n"), .. last]))));
    }

    [TestMethod]
    public void BytesBehindGzipArePassedOver()
    {
        var packed = Gzip("a\nb\n");
        foreach (byte[] behind in new byte[][] { new byte[8], new byte[1000], Encoding.ASCII.GetBytes("garbage behind the data"), [0x1F, 0x8B] })
        {
            foreach (byte[] file in new byte[][] { [.. packed, .. behind], [.. Gzip("a\n"), .. Gzip("b\n"), .. behind] })
            {
                using var reader = new LineReader(ProteinFile.Decompressed(new MemoryStream(file)), "file");
                Assert.IsTrue(reader.TryRead(out _) && reader.TryRead(out _) && !reader.TryRead(out _));
                Assert.IsTrue(reader.HasBytesBehind);
            }
        }
        StringAssert.EndsWith(Error(ProteinFile.Decompressed(new MemoryStream([.. packed[..^4], .. new byte[8]]))), "cut off.",
            "zeros do not hide that data is missing");
    }

    [TestMethod]
    public void CancellationIsObeyed()
    {
        using var reader = new LineReader(new Endless(), "file", cancellationToken: new CancellationToken(canceled: true));
        Assert.ThrowsExactly<OperationCanceledException>(() => reader.TryRead(out _));
    }

    private static string Error(Stream stream, int maximumLineLength = 1 << 20, long maximumSize = 1 << 30) =>
        Assert.ThrowsExactly<InvalidDataException>(() => Read(stream, maximumLineLength, maximumSize)).Message;

    /// <summary>Gives a few bytes at a time.</summary>
    private sealed class Trickle(MemoryStream inner, int count) : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int length) => inner.Read(buffer, offset, Math.Min(length, count));
    }

    /// <summary>One line that never ends.</summary>
    private sealed class Endless : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int length)
        {
            buffer.AsSpan(offset, length).Fill((byte)'x');
            return length;
        }
    }
}
