using System.IO.Compression;
using Experiments.Configuration;
using Experiments.Data;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>The readers of emoji and proteins, on files of a few rows.</summary>
[TestClass]
public sealed class ExperimentReaderTests : ExperimentTest
{
    private const int Side = 32, Channels = 3, ImageBytes = Side * Side * Channels;
    private const string EmojiHeader = "#index\tlabel\ttags\tshort_names\tgroup\n";
    private const string Emoji = EmojiHeader
        + "0\tred apple\tfruit|red\tapple\tfood\n1\tgreen apple\tfruit\tgreen_apple\tfood\n2\tcar\tRed, vehicle\tcar\ttravel\n";
    private const string ProteinHeader = "#key\tpdb\tchain\tseqres_start\tlength\tsequence\tdssp8\tca_delta_centi_angstrom";
    private const string Words =
        """{ "name": "e", "reader": "emoji", "file": "emoji.tsv", "columnA": "words", "columnB": "ink", "imageSize": 2, "minimumWordRows": 2 }""";
    private const string Proteins = """{ "name": "p", "reader": "proteins", "file": "chains.tsv.gz" }""";

    [TestMethod]
    public void WordsWeighByHowRareTheyAre()
    {
        WriteEmoji(Emoji);
        var data = Read(Words.Replace("\"minimumWordRows\": 2", "\"minimumWordRows\": 1", StringComparison.Ordinal));
        Assert.AreEqual(3, data.Rows);
        CollectionAssert.AreEqual(new[] { "food", "food", "travel" }, data.Labels, "the group, as no column is named");
        Assert.AreEqual(6, data.DimensionA, "apple, car, fruit, green, red, vehicle");

        // In two rows of three: ln 1.5; in one: ln 3. Words stand in alphabetical order, each counts once in a row.
        var (common, rare) = (Math.Log(1.5), Math.Log(3));
        AssertBag([common, 0, common, 0, common, 0], data.A[0]!);
        AssertBag([common, 0, common, rare, 0, 0], data.A[1]!);
        AssertBag([0, rare, 0, 0, common, rare], data.A[2]!);
    }

    [TestMethod]
    public void WordsOfFewRowsDoNotCount()
    {
        WriteEmoji(Emoji);
        Assert.AreEqual(3, Read(Words).DimensionA, "apple, fruit, red");
        AssertBag([0, 0, 1], Read(Words).A[2]!);
    }

    [TestMethod]
    public void PixelsAreAveragedByBlock()
    {
        WriteEmoji(Emoji);
        var data = Read(Words);
        Assert.AreEqual(2 * 2 * Channels, data.DimensionB);
        // The picture of row r: left half red of 100 + r, lower half blue of 255, one green dot at the top right.
        float red = 101 / 255f;
        float[] expected = [red, 0, 0, 0, 200 / 255f / 256, 0, red, 0, 1, 0, 0, 1];
        for (var i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], data.B[1]![i], 1e-4, $"slot {i}");
    }

    [TestMethod]
    public void LabelColumnCanBeChosen()
    {
        WriteEmoji(Emoji);
        CollectionAssert.AreEqual(new[] { "red apple", "green apple", "car" },
            Read(Words.Replace("\"imageSize\": 2", "\"imageSize\": 2, \"labelColumn\": \"label\"", StringComparison.Ordinal)).Labels);
    }

    [TestMethod]
    [DataRow(EmojiHeader + "0\tcar\tred\tcar\ttravel\n1\tbus\n", 2, "emoji.tsv, line 3: expected 5 columns as in the header, found 2")]
    [DataRow("#index\tlabel\ttags\tgroup\n0\tcar\tred\ttravel\n", 1, "emoji.tsv: there is no column \"short_names\"; there are index, label, tags, group")]
    [DataRow("", 0, "emoji.tsv: there is no column \"group\"")]
    [DataRow(Emoji, 2, "ink_32x32_rgb.bin.gz: expected 3 images of 3072 bytes, found 6144 bytes")]
    public void WrongEmojiAreRefused(string table, int pictures, string expected)
    {
        WriteEmoji(table, pictures);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => Read(Words)).Message, expected);
    }

    [TestMethod]
    public void WrongKeysOfEmojiAreRefused()
    {
        WriteEmoji(Emoji);
        StringAssert.Contains(
            Assert.ThrowsExactly<ConfigurationException>(() => Read(Words.Replace("\"imageSize\": 2", "\"imageSize\": 5", StringComparison.Ordinal))).Message,
            "imageSize: expected a divisor of 32, found 5");
        StringAssert.Contains(Assert.ThrowsExactly<FileNotFoundException>(() => Read(Words.Replace("ink", "paint", StringComparison.Ordinal))).Message,
            "paint_32x32_rgb.bin.gz");
    }

    [TestMethod]
    public void ProteinsHaveTheFeaturesAndClassesOfTheirSample()
    {
        WriteProteins(ProteinHeader, Chain("helical", "HHHHHHHHHHHHH"), Chain("strands", "EEEEEEEEEEEEE"), Chain("coil", "-------------"));
        var data = Read(Proteins);
        CollectionAssert.AreEqual(new[] { "Alpha", "Beta", "Mixed" }, data.Labels);
        Assert.AreEqual(3, data.Rows);
        CollectionAssert.AreEqual(data.A[0], data.A[2], "equal sequences");
        CollectionAssert.AreEqual(data.B[0], data.B[2], "equal positions");
        Assert.IsTrue(data.A.Concat(data.B).All(row => row!.Any(value => value != 0) && row!.All(float.IsFinite)));
    }

    [TestMethod]
    [DataRow("a\tchain\t1\t0\t2\tAC\tHH\t0,0,0 1,1,1\textra", "line 3: expected 8 columns separated by tabs, found 9")]
    [DataRow("a\tchain\t1\t0\t2\tAB\tHH\t0,0,0 1,1,1", "line 3: chain a: 'B' is none of the 20 amino acids")]
    [DataRow("a\tchain\t1\t0\t3\tAC\tHH\t0,0,0 1,1,1", "line 3: chain a: the length column says 3, but there are 2 residues, 2 DSSP states and 2 coordinates")]
    [DataRow("a\tchain\t1\t0\t2\tAC\tHH\t0,0,0 1,1,1", "line 3: chain a: expected at least 13 residues, found 2")]
    [DataRow("a\tchain\t1\t0\t2\tAC\tHH\t0,0,0 1,x,1", "line 3: chain a: coordinate 1 is '1,x,1', expected three whole numbers")]
    public void WrongProteinIsRefusedWithItsLine(string line, string expected)
    {
        WriteProteins(ProteinHeader, Chain("good", "HHHHHHHHHHHHH"), line);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => Read(Proteins)).Message, $"chains.tsv.gz, {expected}");
    }

    [TestMethod]
    public void OtherTableIsNoTableOfProteins()
    {
        WriteProteins("key\tsequence");
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => Read(Proteins)).Message,
            "chains.tsv.gz, line 1: expected the header '#key<tab>pdb<tab>chain");
        File.WriteAllText(Folder.File("chains.tsv.gz"), ProteinHeader);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => Read(Proteins)).Message, "chains.tsv.gz, line 1:", "not gzip");
        StringAssert.Contains(
            Assert.ThrowsExactly<ConfigurationException>(
                () => Read(Proteins.Replace("\"file\"", "\"columnA\": \"key\", \"file\"", StringComparison.Ordinal))).Message,
                    "columnA: the reader \"proteins\" has no such key");
    }

    private static void AssertBag(double[] weights, float[] bag)
    {
        var norm = Math.Sqrt(weights.Sum(weight => weight * weight));
        Assert.HasCount(weights.Length, bag);
        for (var i = 0; i < weights.Length; i++)
            Assert.AreEqual(weights[i] / norm, bag[i], 1e-6, $"slot {i}");
    }

    private static string Chain(string key, string states)
    {
        const string Sequence = "ACDEFGHIKLMNP";
        var steps = Enumerable.Range(0, Sequence.Length).Select(i => i == 0 ? "0,0,0" : $"{100 + 50 * (i % 3)},{200 - 40 * (i % 2)},{150}");
        return $"{key}\t1abc\tA\t0\t{Sequence.Length}\t{Sequence}\t{states}\t{string.Join(' ', steps)}";
    }

    private void WriteEmoji(string table, int pictures = 3)
    {
        File.WriteAllText(Folder.File("emoji.tsv"), table);
        using var stream = new GZipStream(File.Create(Folder.File("ink_32x32_rgb.bin.gz")), CompressionLevel.Fastest);
        for (var row = 0; row < pictures; row++)
        {
            var image = new byte[ImageBytes];
            for (var pixel = 0; pixel < Side * Side; pixel++)
            {
                image[pixel * Channels] = (byte)(pixel % Side < Side / 2 ? 100 + row : 0);
                image[pixel * Channels + 2] = (byte)(pixel / Side >= Side / 2 ? 255 : 0);
            }

            image[(Side - 1) * Channels + 1] = 200;
            stream.Write(image);
        }
    }

    private void WriteProteins(params string[] lines)
    {
        using var writer = new StreamWriter(new GZipStream(File.Create(Folder.File("chains.tsv.gz")), CompressionLevel.Fastest));
        foreach (var line in lines)
            writer.Write(line + "\n");
    }

    private TwoViewData Read(string data)
    {
        var config = ExperimentConfig.Load(Write(Json("", data: data)));
        return DataReaders.Read(config.Data[0], config, dataFolder: null);
    }
}
