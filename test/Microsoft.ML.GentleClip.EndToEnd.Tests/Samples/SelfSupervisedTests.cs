using System.Globalization;
using Experiments.Configuration;
using Experiments.Data;
using Experiments.Features;
using Experiments.Running;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>Two networks learn from disjoint pictures, the same way each time, and once alone.</summary>
[TestClass]
public sealed class SelfSupervisedTests : ExperimentTest
{
    private const int Side = 8, Pictures = 60;

    private const string Data = """
        { "name": "pictures", "file": "pictures.tsv", "columnA": "a", "columnB": "b", "selfSupervised": { "width": 8, "height": 8, "steps": 4, "batchSize": 16 } }
        """;

    [TestInitialize]
    public void WritePictures()
    {
        var random = new Random(5);
        File.WriteAllLines(Folder.File("pictures.tsv"), ["a\tb", .. Enumerable.Range(0, Pictures).Select(_ => $"{Picture()}\t{Picture()}")]);

        // A bright square somewhere.
        string Picture()
        {
            var (x, y) = (random.Next(Side - 3), random.Next(Side - 3));
            return string.Join(' ', Enumerable.Range(0, Side * Side).Select(i =>
                ((i % Side - x is >= 0 and < 3 && i / Side - y is >= 0 and < 3 ? 1 : 0) + 0.1 * random.NextDouble()).ToString("0.000",
                    CultureInfo.InvariantCulture)));
        }
    }

    [TestMethod]
    public void NoRowTeachesBothNetworksAndNoTestRowTeachesOne()
    {
        var (pictures, config) = Read(Data);
        var (a, b) = SelfSupervisedFeatures.TrainingRows(pictures, config.TestRows, config.SplitSeed);
        var (tests, others) = RowSplit.Tests(pictures, config.TestRows, config.SplitSeed);
        Assert.HasCount(20, tests);
        Assert.HasCount(20, a);
        CollectionAssert.AreEquivalent(others, a.Concat(b).ToArray(), "Rows are in both halves, in none, or test rows.");
    }

    [TestMethod]
    public void TestPicturesDoNotTeach()
    {
        var (pictures, config) = Read(Data);
        var (tests, _) = RowSplit.Tests(pictures, config.TestRows, config.SplitSeed);
        var changed =
            pictures with { A = [.. pictures.A.Select((row, i) => i == tests[0] ? Array.ConvertAll(row!, value => 1 - value) : row)], Hash = "changed" };
        var (before, after) = (Features(pictures, config, "one"), Features(changed, config, "two"));
        for (var row = 0; row < Pictures; row++)
            Assert.AreEqual(row != tests[0], before.A[row]!.SequenceEqual(after.A[row]!), $"row {row}");
    }

    [TestMethod]
    public void FeaturesAreEqualAgainAndReadFromTheFile()
    {
        var (pictures, config) = Read(Data);
        var notes = new List<string>();
        var first = Features(pictures, config, "one", notes);
        Assert.HasCount(2, notes);
        Assert.AreEqual(64, first.DimensionA);
        Assert.IsTrue(first.A.Concat(first.B).All(row => row!.All(float.IsFinite)));
        Assert.IsFalse(first.A[0]!.SequenceEqual(first.A[1]!), "Two pictures have the same features.");

        var file = Directory.GetFiles(Folder.File("one")).Single();
        var written = File.GetLastWriteTimeUtc(file);
        notes.Clear();
        AssertEqual(first, Features(pictures, config, "one", notes));
        Assert.AreEqual(written, File.GetLastWriteTimeUtc(file));
        StringAssert.Contains(notes.Single(), "linear CKA");
        AssertEqual(first, Features(pictures, config, "elsewhere"));

        var (_, other) = Read(Data.Replace("\"steps\": 4", "\"steps\": 5", StringComparison.Ordinal));
        var longer = Features(pictures, other, "one");
        Assert.HasCount(2, Directory.GetFiles(Folder.File("one")));
        Assert.AreNotEqual(first.Hash, longer.Hash);
        Assert.IsFalse(first.A[0]!.SequenceEqual(longer.A[0]!));

        using (var torn = File.OpenWrite(file))
            torn.SetLength(torn.Length - 1);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidDataException>(() => Features(pictures, config, "one")).Message, Path.GetFileName(file));
    }

    [TestMethod]
    public void RunnerMeasuresFeaturesAndResumes()
    {
        StringAssert.Contains(Run(Json("", data: Data)), "2 cells computed, 0 taken over");
        var second = Run(Json("", data: Data));
        StringAssert.Contains(second, "0 cells computed, 2 taken over");
        Assert.IsFalse(second.Contains("training two networks", StringComparison.Ordinal), second);
    }

    [TestMethod]
    public void WrongSizeIsNamed()
    {
        var problem = Assert.ThrowsExactly<ConfigurationException>(
            () => Run(Json("", data: Data.Replace("\"width\": 8", "\"width\": 9", StringComparison.Ordinal))));
        StringAssert.Contains(problem.Message, "\"pictures\": selfSupervised: expected pictures of 9 x 8 x 1 = 72 numbers, found 64");
        problem = Assert.ThrowsExactly<ConfigurationException>(() => Run(Json("", data: Data.Replace("steps", "step", StringComparison.Ordinal))));
        StringAssert.Contains(problem.Message, "data[0].selfSupervised.step: unknown key");
    }

    private (TwoViewData Pictures, ExperimentConfig Config) Read(string data)
    {
        var config = ExperimentConfig.Load(Write(Json("", data: data)));
        return (DataReaders.Read(config.Data[0], config, null), config);
    }

    private TwoViewData Features(TwoViewData pictures, ExperimentConfig config, string folder, List<string>? notes = null) =>
        SelfSupervisedFeatures.Apply(pictures, config.Data[0], config, Folder.File(folder), 2, (notes ?? []).Add, CancellationToken.None);

    private static void AssertEqual(TwoViewData expected, TwoViewData actual)
    {
        for (var row = 0; row < expected.Rows; row++)
        {
            CollectionAssert.AreEqual(expected.A[row], actual.A[row], $"A of row {row}");
            CollectionAssert.AreEqual(expected.B[row], actual.B[row], $"B of row {row}");
        }
    }
}
