using System.Text.Json;
using EmojiPictures;
using EmojiSearch;
using Microsoft.ML.GentleClip.Tests.Runtime;
using SkiaSharp;
using EmojiCommandLine = EmojiSearch.CommandLine;
using EmojiStudy = EmojiSearch.Study;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>The search of emoji by words on the part of the data that comes with the sample: to the end, the protocol, and what is wrong with a file.</summary>
[TestClass]
public sealed class EmojiSearchTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void RunsToTheEndAndFindsMoreThanGuessing()
    {
        // What is learnt is asked of the closed form of features, which learns in a second whatever the steps; the networks go to the end in a few.
        string output = Run("--seeds", "1", "--steps", "2", "--methods", "clip,gentle,features");
        StringAssert.Contains(output, "| Gentle-CLIP on features, a tenth of the pairs |");
        using var json = JsonDocument.Parse(File.ReadAllText(_folder.File("figures.json")));
        var runs = json.RootElement.GetProperty("runs").EnumerateArray().ToArray();
        CollectionAssert.AreEqual(new[] { "clip", "gentle", "features" }, runs.Select(run => run.GetProperty("method").GetString()).ToArray());
        foreach (var run in runs)
            foreach (var figure in run.GetProperty("figures").EnumerateObject())
                Assert.IsTrue(figure.Value.GetDouble() is >= 0 and <= 1, $"{figure.Name}: {figure.Value}");
        const string figureOfInterest = "picture to words R@10";
        Assert.IsGreaterThan(json.RootElement.GetProperty("chance").GetProperty(figureOfInterest).GetDouble() * 1.5,
            runs[2].GetProperty("figures").GetProperty(figureOfInterest).GetDouble());
        Assert.AreEqual(0, runs[0].GetProperty("texts").GetInt32(), "Clip reads pairs alone.");
        Assert.IsGreaterThan(100, runs[1].GetProperty("texts").GetInt32());
        Assert.IsGreaterThan(200, runs[1].GetProperty("pictures").GetInt32());

        using var sheet = SKBitmap.Decode(_folder.File(EmojiStudy.Sheet));
        Assert.IsGreaterThan(800, sheet.Width);
        Assert.IsGreaterThan(20, sheet.Pixels.Distinct().Count(), "The picture is empty.");
        Assert.IsFalse(File.Exists(_folder.File("figures.json.tmp")));
    }

    [TestMethod]
    public void NoEmojiIsInTwoPartsAndBothStylesAreInOne()
    {
        var data = EmojiData.Read(EmojiData.Own);
        Assert.HasCount(382, data.Train.Concat(data.Test).Distinct().ToArray());
        CollectionAssert.AreEqual(data.Test.Select(emoji => emoji.Name).ToArray(),
            EmojiData.Read(EmojiData.Own).Test.Select(emoji => emoji.Name).ToArray());
        var (pairs, pictures, words) = data.Deal(seed: 2, pairedShare: 0.1);
        CollectionAssert.AllItemsAreUnique(pairs.Concat(pictures).Concat(words).ToArray());
        Assert.AreEqual(data.Train.Count, pairs.Length + pictures.Length + words.Length);
        Assert.HasCount(29, pairs);
        Assert.IsEmpty(pairs.Concat(pictures).Concat(words).Intersect(data.Test));
        CollectionAssert.AreNotEqual(pairs, data.Deal(seed: 3, pairedShare: 0.1).Pairs);

        var rows = new RowMaker(data.Train).Pairs(pairs).ToArray();
        Assert.HasCount(2 * pairs.Length, rows);
        foreach (var styles in rows.GroupBy(row => row.Name))
        {
            Assert.HasCount(2, styles.ToArray());
            CollectionAssert.AreNotEqual(styles.First().Picture, styles.Last().Picture);
        }
        Assert.IsTrue(RowMaker.PicturesAlone(pictures).All(row => row.Words.Length == 0 && row.WordFeatures is null && !row.IsPaired));
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

    [TestMethod]
    [DataRow("--seeds", "none", "--seeds needs a whole number above 0, found 'none'.")]
    [DataRow("--methods", "best", "There is no method 'best'")]
    [DataRow("--json", "--out", "--json needs a value, found '--out'.")]
    [DataRow("--json", "--other", "--json needs a value, found '--other'.")]
    [DataRow("--nothing", "", "Unrecognized command or argument '--nothing'.")]
    public void AnOptionThatIsWrongIsNamed(string option, string value, string message) =>
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => EmojiCommandLine.Parse([option, value])).Message, message);

    private string Run(params string[] arguments)
    {
        var output = new StringWriter();
        string[] all = [.. arguments, "--out", _folder.FullName, "--json", _folder.File("figures.json")];
        EmojiStudy.Run(EmojiCommandLine.Parse(all), output, CancellationToken.None);
        return output.ToString();
    }
}
