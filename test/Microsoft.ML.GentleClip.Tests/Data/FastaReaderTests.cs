using Microsoft.ML.GentleClip.Data;

namespace Microsoft.ML.GentleClip.Tests.Data;

[TestClass]
public sealed class FastaReaderTests
{
    private static FastaRecord[] Read(string text)
    {
        using var lines = StructureText.Lines(text);
        return [.. FastaReader.Read(lines)];
    }

    [TestMethod]
    [DataRow("\n")]
    [DataRow("\r\n")]
    [DataRow("\r")]
    public void RecordsAreRead(string lineEnd) => CollectionAssert.AreEqual(
        new FastaRecord[] { new("sp|P1|X", "First one OS=Sébastien", "MKVLAX"), new("two", "", "ACDU"), new("two", "again", "BZ") },
        Read("; old comment\n\n> sp|P1|X  First one OS=Sébastien \nMKV\n\nL a x\n;note\n>two\nacdu*\n>two again\nBZ".Replace("\n", lineEnd)));

    [TestMethod]
    public void AByteOrderMarkIsPassedOver() => Assert.AreEqual("a", Read("\uFEFF>a\nM").Single().Identifier);

    [TestMethod]
    [DataRow("", "file: the file has no sequence.")]
    [DataRow("\n; nothing\n", "file: the file has no sequence.")]
    [DataRow("MKV\n>a\nM\n", "file, line 1: expected '>' before the first sequence, found 'MKV'.")]
    [DataRow(">\nM\n", "file, line 1: expected an identifier behind '>', found none.")]
    [DataRow(">a\n>b\nM\n", "file, line 1: 'a' has no sequence.")]
    [DataRow(">a\nM\n>b\n*\n", "file, line 3: 'b' has no sequence.")]
    [DataRow(">a\nMK\nMK-V\n", "file, line 3: column 3 holds '-', expected a letter from A to Z.")]
    [DataRow(">a\n1 MK\n", "file, line 2: column 1 holds '1', expected a letter from A to Z.")]
    [DataRow(">a\nM[\n", "file, line 2: column 2 holds '[', expected a letter from A to Z.")]
    [DataRow(">a\nMé\n", "file, line 2: column 2 holds '?', expected a letter from A to Z.")]
    [DataRow(">a\nMK*V\n", "file, line 2: column 4 holds 'V', expected nothing behind the '*' that ends a sequence.")]
    public void ErrorsNameFileLineAndReason(string text, string expected) =>
        Assert.AreEqual(expected, Assert.ThrowsExactly<InvalidDataException>(() => Read(text)).Message);
}
