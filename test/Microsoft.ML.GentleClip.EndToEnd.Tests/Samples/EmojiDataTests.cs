using EmojiPictures;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>The emoji that samples share: the parts of the data, and what is wrong with a file.</summary>
[TestClass]
public sealed class EmojiDataTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void NoEmojiIsInTwoPartsAndBothStylesAreInOne()
    {
        var data = EmojiData.Read(EmojiData.Own);
        Assert.HasCount(382, data.Train.Concat(data.Test).Distinct().ToArray());
        CollectionAssert.AreEqual(data.Test.Select(emoji => emoji.Name).ToArray(),
            EmojiData.Read(EmojiData.Own).Test.Select(emoji => emoji.Name).ToArray());
        Assert.IsEmpty(data.Train.Intersect(data.Test));
        foreach (var emoji in data.Train)
            CollectionAssert.AreNotEqual(emoji.Pictures[0], emoji.Pictures[1]);
    }

    [TestMethod]
    public void AFileThatIsNotThereOrDoesNotFitIsNamed()
    {
        StringAssert.Contains(Assert.ThrowsExactly<FileNotFoundException>(() => EmojiData.Read(_folder.File("none"))).Message,
            Path.Combine("none", "emoji.tsv"));
        foreach (string file in Directory.GetFiles(EmojiData.Own))
            File.Copy(file, _folder.File(Path.GetFileName(file)));
        string table = _folder.File("emoji.tsv");
        string[] lines = File.ReadAllLines(table);
        Refused("line 3: expected 8 columns as in the header, found 7", [.. lines[..2], lines[2][..lines[2].LastIndexOf('\t')], .. lines[3..]]);
        Refused("expected 381 pictures of 3072 bytes, as many as the table has lines, found 1173504 bytes", lines[..^1]);
        Refused("expected a column 'group'", [lines[0].Replace("\tgroup", "\tkind", StringComparison.Ordinal), .. lines[1..]]);
        Refused("expected 20 emoji or more, found 0", lines[..1]);
        File.WriteAllLines(table, lines);
        File.WriteAllText(_folder.File("twitter_32x32_rgb.bin.gz"), "text");
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => EmojiData.Read(_folder.FullName)).Message,
            "twitter_32x32_rgb.bin.gz: not a gzip file");

        void Refused(string message, string[] content)
        {
            File.WriteAllLines(table, content);
            StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => EmojiData.Read(_folder.FullName)).Message, message);
        }
    }
}
