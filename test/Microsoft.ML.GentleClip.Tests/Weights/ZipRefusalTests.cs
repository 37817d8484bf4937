using System.Buffers.Binary;
using System.IO.Compression;
using static Microsoft.ML.GentleClip.Tests.Weights.Checkpoints;

namespace Microsoft.ML.GentleClip.Tests.Weights;

/// <summary>Zip files that are damaged or lie.</summary>
[TestClass]
public sealed class ZipRefusalTests
{
    private const uint DirectoryEntry = 0x02014b50, End = 0x06054b50;
    private static readonly byte[] Pickle = Bytes(Single(Tensor([6], [1])));

    [TestMethod]
    public void TheChecksumsAreTheFormats() => Assert.AreEqual(0xcbf43926u, System.IO.Hashing.Crc32.HashToUInt32("123456789"u8));

    [TestMethod]
    public void DamagedBytesAreSeen()
    {
        var file = Zip(Pickle);
        AssertRefused(Changed(file, IndexOf(file, FirstSix), bytes => bytes[9] ^= 1), "'x/data/0' is damaged: checksum");
        AssertRefused(Changed(file, IndexOf(file, Pickle), bytes => bytes[4] ^= 1), "'x/data.pkl' is damaged: checksum");
    }

    [TestMethod]
    public void AViewIsCheckedWithItsWholeStorage()
    {
        var file = Zip(Single(Tensor([2], [1], offset: 2)));
        using (var tensors = Read(file))
            CollectionAssert.AreEqual(new[] { 2.0, 3.0 }, GoldenWeights.Doubles(tensors["w"]));
        foreach (var at in (int[])[0, 9, 23])
            AssertRefused(Changed(file, IndexOf(file, FirstSix), bytes => bytes[at] ^= 1), "'x/data/0' is damaged");
    }

    [TestMethod]
    public void CompressedMembersAreRefusedIfTheyAreNeeded()
    {
        AssertRefused(Zip(CompressionLevel.Optimal, ("x/data.pkl", Pickle), ("x/data/0", FirstSix)), "'x/data.pkl' is compressed (method 8)");
        var bomb = Zip(CompressionLevel.SmallestSize, ("x/data.pkl", new byte[50_000_000]));
        Assert.IsLessThan(200_000, bomb.Length);
        AssertRefused(bomb, "is compressed");
        var file = Zip(Pickle);
        // sizes differ
        AssertRefused(Changed(file, Entry(file, 0), entry => BinaryPrimitives.WriteUInt32LittleEndian(entry[24..], uint.MaxValue - 1)), "is compressed");
    }

    [TestMethod]
    public void EncryptedMembersAreRefused()
    {
        var file = Zip(Pickle);
        AssertRefused(Changed(file, Entry(file, 0), entry => entry[8] |= 1), "'x/data.pkl' is encrypted");
        AssertRefused(Changed(file, Entry(file, 1), entry => entry[8] |= 1), "'x/data/0' is encrypted");
    }

    [TestMethod]
    public void NamesAreDistinct() =>
        AssertRefused(Zip(("x/data.pkl", Pickle), ("x/data/0", FirstSix), ("x/data/0", FirstSix)), "two members 'x/data/0'");

    [TestMethod]
    public void OneMemberIsTheCheckpoint()
    {
        AssertRefused(Zip(("x/data/0", FirstSix)), "has one member '<name>/data.pkl', found 0 among 'x/data/0'");
        AssertRefused(Zip(("x/data.pkl", Pickle), ("y/data.pkl", Pickle)), "found 2 among");
        AssertRefused(Zip(("data.pkl", Pickle)), "found 0 among");
        AssertRefused(Zip(Array.Empty<(string, byte[])>()), "found 0 among none");
    }

    [TestMethod]
    public void OtherByteOrdersAreRefused() =>
        AssertRefused(Zip(("x/data.pkl", Pickle), ("x/byteorder", "big"u8.ToArray()), ("x/data/0", FirstSix)), "big-endian");

    [TestMethod]
    public void MembersLieWhereTheDirectorySaysAndDoNotOverlap()
    {
        var file = Zip(Pickle);
        AssertRefused(Changed(file, Entry(file, 0), entry => BinaryPrimitives.WriteUInt32LittleEndian(entry[42..], 1)),
            "does not lie where the directory says");
        AssertRefused(Changed(file, Entry(file, 1), entry => BinaryPrimitives.WriteUInt32LittleEndian(entry[42..], 0)), "claims");
        AssertRefused(Changed(file, Entry(file, 1), entry => BinaryPrimitives.WriteUInt32LittleEndian(entry[42..], 0x7fffffff)), "claims");
        AssertRefused(Changed(file, Entry(file, 1), entry => entry[20..28].Fill(0xf0)), "claims 4042322160 bytes where");
        AssertRefused(Changed(file, Entry(file, 1), entry => entry[20..28].Fill(0xff)), "claims 4294967295 bytes where");
        AssertRefused(Changed(file, 30, name => name[0] ^= 1), "does not lie where the directory says"); // the local name
        AssertRefused(Changed(file, 28, header => header[0] = 1), "does not lie where the directory says"); // its extra field reaches into the next member
    }

    [TestMethod]
    public void TheDirectoryIsSound()
    {
        var file = Zip(Pickle);
        var end = IndexOf(file, BitConverter.GetBytes(End));
        AssertRefused(Changed(file, end, record => record[10]++), "3 members announced, found 2");
        AssertRefused(Changed(file, end, record => record[12]--), "is cut off");
        AssertRefused(Changed(file, end, record => record[16]++), "claims"); // reaches into its own end
        AssertRefused(Changed(file, end, record => record[12..16].Fill(0xfe)), "claims 4278124286 bytes");
        AssertRefused(Changed(file, end, record => record[12..16].Fill(0xff)), "zip64 directory is missing");
        AssertRefused(Changed(file, Entry(file, 1), entry => entry[0]++), "entry 1 of its directory is malformed");
        AssertRefused(Changed(file, Entry(file, 1), entry => entry[46] = 0xff), "not UTF-8");
        AssertRefused([.. file, 0], "no directory at its end");
        for (var length = 2; length < file.Length; length++)
            AssertRefused(file[..length], "");
    }

    [TestMethod]
    public void Zip64DirectoriesAreRead()
    {
        var file = Zip(Pickle);
        var (entry, end) = (Entry(file, 1), IndexOf(file, BitConverter.GetBytes(End)));
        // the second member's sizes and place move to an extra field; a zip64 record and its locator go before the end
        var size = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(entry + 24));
        var place = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(entry + 42));
        byte[] extra = [1, 0, 24, 0, .. BitConverter.GetBytes((long)size), .. BitConverter.GetBytes((long)size), .. BitConverter.GetBytes((long)place)];
        var start = Entry(file, 0);
        byte[] directory = [.. file[start..end], .. extra];
        directory.AsSpan(entry - start + 20, 8).Fill(0xff);
        directory.AsSpan(entry - start + 42, 4).Fill(0xff);
        directory[entry - start + 30] = (byte)extra.Length;
        byte[] record = [.. BitConverter.GetBytes(0x06064b50), .. BitConverter.GetBytes(44L), .. new byte[12], .. BitConverter.GetBytes(2L),
            .. BitConverter.GetBytes(2L),
            .. BitConverter.GetBytes((long)directory.Length), .. BitConverter.GetBytes((long)start)];
        byte[] locator = [.. BitConverter.GetBytes(0x07064b50), .. new byte[4], .. BitConverter.GetBytes((long)start + directory.Length), 1, 0, 0, 0];
        byte[] last = [.. BitConverter.GetBytes(End), 0, 0, 0, 0, .. Enumerable.Repeat((byte)0xff, 12), 0, 0];
        byte[] whole = [.. file[..start], .. directory, .. record, .. locator, .. last];
        using (var tensors = Read(whole))
            Assert.AreEqual(5, GoldenWeights.Doubles(tensors["w"])[5]);
        foreach (var offset in (int[])[8, 15]) // the record's place
            AssertRefused(Changed(whole, whole.Length - 42, bytes => bytes[offset] ^= 0xff), "zip64 directory is missing");
        AssertRefused(Changed(whole, start + directory.Length, bytes => bytes[47] = 0x80), "the directory claims -");
    }

    private static byte[] Changed(byte[] file, int at, SpanAction change)
    {
        var copy = file.ToArray();
        change(copy.AsSpan(at));
        return copy;
    }

    private static int Entry(byte[] file, int index)
    {
        var at = IndexOf(file, BitConverter.GetBytes(DirectoryEntry));
        for (; index > 0; index--)
            at += 4 + IndexOf(file[(at + 4)..], BitConverter.GetBytes(DirectoryEntry));
        return at;
    }

    private static int IndexOf(byte[] file, byte[] part) =>
        file.AsSpan().IndexOf(part) is >= 0 and var at ? at : throw new InvalidOperationException("not there");

    private delegate void SpanAction(Span<byte> bytes);
}
