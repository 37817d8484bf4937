using System.IO.Compression;
using Experiments.Configuration;
using Experiments.Data;
using Experiments.Methods;
using Experiments.Running;

namespace Microsoft.ML.GentleClip.Tests.Samples;

/// <summary>Who sees which rows, what the controls are made of, and what the readers make of a table.</summary>
[TestClass]
public sealed class ProtocolTests : ExperimentTest
{
    [TestMethod]
    public void TestRowsAreFixedAndNoValidationSeedSeesThem()
    {
        var data = Read(Synthetic);
        var tests = Split(data, seed: 1).Measured.ToHashSet();
        Assert.HasCount(20, tests);
        foreach (var seed in new[] { 2, 3 })
        {
            Assert.IsTrue(tests.SetEquals(Split(data, seed).Measured));
            var validation = Split(data, seed, validation: true);
            Assert.IsFalse(tests.Overlaps(validation.Measured) || tests.Overlaps(validation.Training));
            Assert.IsFalse(validation.Measured.Intersect(validation.Training).Any());
            Assert.AreEqual(60, validation.Measured.Length + validation.Training.Length);
        }

        Assert.IsFalse(Split(data, 1).Training.SequenceEqual(Split(data, 2).Training));
    }

    [TestMethod]
    public void UnpairedSidesHaveNoRowInCommon()
    {
        var split = Split(Read(Synthetic), seed: 1);
        var (a, b) = split.Unpaired(8, RowCount.All);
        Assert.AreEqual(60, a.Concat(b).Concat(split.Training[..8]).Concat([]).Distinct().Count());
        CollectionAssert.AreEqual(a[..5], split.Unpaired(8, RowCount.Of(5)).A);
        Assert.AreEqual(6, split.Pairs(RowCount.Parse("10%")!));
    }

    [TestMethod]
    public void GaussianControlHasMeanAndCovarianceOfTheRows()
    {
        var random = new Gaussians(3);
        float[][] rows = [.. Enumerable.Range(0, 4000)
            .Select(_ => { var x = random.Next(); return new[] { (float)(5 + x), (float)(2 * x), (float)(x * x) }; })];
        var made = UnpairedControl.Gaussian(rows, seed: 1);
        Assert.AreEqual(5, made.Average(row => row[0]), 0.08);
        Assert.AreEqual(2, made.Average(row => (row[0] - 5) * row[1]), 0.2, "covariance");
        Assert.AreEqual(2, made.Average(row => (row[2] - 1) * (row[2] - 1)), 0.25, "variance of a square");
        Assert.IsTrue(made.Any(row => row[2] < -1), "squares are never negative, Gaussian rows of their moments are");
    }

    [TestMethod]
    public void ForeignControlHasMeanAndVarianceOfTheRows()
    {
        var random = new Gaussians(4);
        float[][] rows = [.. Enumerable.Range(0, 200).Select(_ => new[] { (float)(7 + 3 * random.Next()), (float)random.Next() })];
        float[][] foreign = [.. Enumerable.Range(0, 300).Select(i => new[] { i % 2 == 0 ? -1f : 1, 4f })];
        var made = UnpairedControl.Foreign(rows, foreign, seed: 1);
        Assert.HasCount(200, made);
        Assert.AreEqual(rows.Average(row => row[0]), made.Average(row => row[0]), 1e-3);
        Assert.AreEqual(2, made.Select(row => row[0]).Distinct().Count(), "two values as in the foreign set; its constant slot is not used");
        var mean = rows.Average(row => row[0]);
        Assert.AreEqual(rows.Average(row => Math.Pow(row[0] - mean, 2)), made.Average(row => Math.Pow(row[0] - mean, 2)), 1e-2);
    }

    [TestMethod]
    public void SkewedRowsHaveOppositeClassSharesOnTheirSides()
    {
        string[] labels = [.. Enumerable.Range(0, 400).Select(row => row % 41 == 0 ? "" : $"{row % 4}")];
        int[] a = [.. Enumerable.Range(0, 200)], b = [.. Enumerable.Range(200, 200)];
        var (skewedA, skewedB) = ClassShares.Choose(UnpairedRows.Skewed, "d", a, b, labels, seed: 1);
        var (countsA, countsB) = (skewedA.CountBy(row => labels[row]).ToDictionary(), skewedB.CountBy(row => labels[row]).ToDictionary());
        foreach (var label in new[] { "0", "1", "2", "3" })
            Assert.IsGreaterThan(3.5, Math.Max(countsA[label], countsB[label]) / (double)Math.Min(countsA[label], countsB[label]), $"class {label}");
        Assert.AreEqual(2, countsA.Count(entry => entry.Key.Length > 0 && entry.Value < 15));
        Assert.AreEqual(labels.Count(label => label.Length == 0), skewedA.Concat(skewedB).Count(row => labels[row].Length == 0), "rows without a label stay");
        CollectionAssert.AreEqual(skewedA, ClassShares.Choose(UnpairedRows.Skewed, "d", a, b, labels, seed: 1).A);
    }

    [TestMethod]
    public void DroppedClassesAreMissingOnTheSecondSideOnly()
    {
        string[] labels = [.. Enumerable.Range(0, 400).Select(row => $"{row % 4}")];
        int[] a = [.. Enumerable.Range(0, 200)], b = [.. Enumerable.Range(200, 200)];
        var (droppedA, droppedB) = ClassShares.Choose(UnpairedRows.Dropped, "d", a, b, labels, seed: 1);
        CollectionAssert.AreEqual(a, droppedA);
        Assert.AreEqual(2, droppedB.Select(row => labels[row]).Distinct().Count(), "a third of four classes, rounded up, is two");
        Assert.HasCount(100, droppedB);
        Assert.IsGreaterThan(1, Enumerable.Range(1, 6).Select(Kept).Distinct().Count(), "the seed chooses the classes");
        string[] same = [.. labels.Select(_ => "one")];
        var thrown = Assert.ThrowsExactly<InvalidDataException>(() => ClassShares.Choose(UnpairedRows.Skewed, "d", a, b, same, seed: 1));
        StringAssert.Contains(thrown.Message, "need at least two classes, found 1");

        string Kept(int seed) =>
            string.Join(' ', ClassShares.Choose(UnpairedRows.Dropped, "d", a, b, labels, seed).B.Select(row => labels[row]).Distinct().Order());
    }

    [TestMethod]
    public void AGzippedTableThatWasCutOffIsNoShorterTable()
    {
        string file = Folder.File("table.tsv.gz");
        using (var writer = new StreamWriter(new GZipStream(File.Create(file), CompressionMode.Compress)))
        {
            writer.Write("#left\tright\n");
            for (int row = 0; row < 20_000; row++)
                writer.Write($"{row % 17} {row % 5}\t{row % 11}\n");
        }
        const string Set = """{ "name": "t", "file": "table.tsv.gz", "columnA": "left", "columnB": "right" }""";
        Assert.AreEqual(20_000, Read(Set).Rows);
        byte[] bytes = File.ReadAllBytes(file);
        foreach (int kept in new[] { bytes.Length / 2, bytes.Length - 8, bytes.Length - 1 })
        {
            File.WriteAllBytes(file, bytes[..kept]);
            string message = Assert.ThrowsExactly<InvalidDataException>(() => Read(Set)).Message;
            // Half a line may be found before the end is.
            Assert.Contains(file, message);
            if (kept > bytes.Length / 2)
                Assert.Contains($"{file}: the gzip data is damaged or cut off", message);
        }
    }

    [TestMethod]
    public void TableMayBeGzippedAndLackSides()
    {
        using (var file = new StreamWriter(new GZipStream(File.Create(Folder.File("table.tsv.gz")), CompressionMode.Compress)))
            file.Write("#kind\tleft\tright\nx\t1 2\t3\ny\t\t4\n\t5 -6e-1 \t\n");
        var data = Read("""{ "name": "t", "file": "table.tsv.gz", "columnA": "left", "columnB": "right", "labelColumn": "kind" }""");
        CollectionAssert.AreEqual(new[] { 5, -0.6f }, data.A[2]);
        Assert.IsNull(data.A[1]);
        Assert.IsNull(data.B[2]);
        CollectionAssert.AreEqual(new[] { "x", "y", "" }, data.Labels);
    }

    [TestMethod]
    [DataRow("left\tright\n1 2\t3\n1\t4\n", "line 3, column left: expected 2 numbers as in the rows above, found 1")]
    [DataRow("left\tright\n1 x\t3\n", "line 2, column left: expected a number, found \"x\"")]
    [DataRow("left\tright\n1\n", "line 2: expected 2 columns as in the header, found 1")]
    [DataRow("left\tright\n\t1\n", "column left has no values")]
    [DataRow("", "the file is empty")]
    public void WrongTableIsRefusedWithItsLine(string content, string expected)
    {
        File.WriteAllText(Folder.File("table.tsv"), content);
        StringAssert.Contains(
            Assert.ThrowsExactly<InvalidDataException>(() => Read("""{ "name": "t", "file": "table.tsv", "columnA": "left", "columnB": "right" }""")).Message,
            expected);
    }

    [TestMethod]
    public void LinearBaselineFindsLinearViews()
    {
        var pairs = TwoViews.Pairs(300, seed: 5);
        float[][] a = [.. pairs.Select(row => row.A!)], b = [.. pairs.Select(row => row.B!)];
        var config = ExperimentConfig.Load(Write(Json("""{ "name": "linear", "baseline": "linear" }""")));
        using var fitted = global::Experiments.Methods.Methods.Create(config, config.Methods[1]).Fit(new TrainingSet(a[..50], b[..50], a[50..200], b[50..200]),
            seed: 1, CancellationToken.None);
        var measured = new LabelledRows(a[200..], b[200..], [.. pairs[200..].Select(row => $"{row.Cluster}")]);
        var figures = Figures.Measure(fitted, new TrainingSet(a[..50], b[..50], [], []), measured,
            new LabelledRows(a[..200], b[..200], [.. pairs[..200].Select(row => $"{row.Cluster}")]));
        Assert.IsGreaterThan(0.9, figures[Figures.RecallAt10]);
        Assert.IsGreaterThan(0.9, figures["CSLS R@10"]);
        Assert.IsGreaterThan(0.55, figures["LT 1-NN"], "three clusters that overlap");
    }

    private TwoViewData Read(string data)
    {
        var config = ExperimentConfig.Load(Write(Json("", data: data)));
        return DataReaders.Read(config.Data[0], config, dataFolder: null);
    }

    private static RowSplit Split(TwoViewData data, int seed, bool validation = false) =>
        RowSplit.Create(data, RowCount.Of(20), splitSeed: 1, seed, validation);
}
