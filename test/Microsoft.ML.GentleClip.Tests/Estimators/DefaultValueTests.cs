using System.Globalization;
using System.IO.Compression;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>Training warns where absent sides were turned into samples, and of nothing else.</summary>
[TestClass]
public sealed class DefaultValueTests
{
    private const int Width = 12;

    private readonly MLContext _mlContext = new(seed: 1);

    internal sealed class Row
    {
        public float[]? A { get; set; }

        public float[]? B { get; set; }

        public string Text { get; set; } = "";
    }

    [TestMethod]
    [DataRow(0f, "is 0 in every slot in 100 of 240 rows")]
    [DataRow(-1f, "is -1 in every slot in 100 of 240 rows (row 41 is the first)")]
    public void ASideThatIsADefaultValueInManyRows(float value, string expected)
    {
        var warnings = Warnings(Rows(240, (i, random) => i >= 40 && i % 2 == 1 && i < 240 ? Enumerable.Repeat(value, Width) : Numbers(random)));
        Assert.HasCount(1, warnings);
        StringAssert.StartsWith(warnings[0], $"Column 'A' {expected}");
        Assert.Contains("240 of 240 rows count as matched pairs", warnings[0]);
        Assert.Contains("MarkMissingModality", warnings[0]);
    }

    [TestMethod]
    [DataRow(MissingValueReplacingEstimator.ReplacementMode.Mean)]
    [DataRow(MissingValueReplacingEstimator.ReplacementMode.DefaultValue)]
    [DataRow(MissingValueReplacingEstimator.ReplacementMode.Minimum)]
    [DataRow(MissingValueReplacingEstimator.ReplacementMode.Maximum)]
    public void AbsentSidesThatReplaceMissingValuesFilled(MissingValueReplacingEstimator.ReplacementMode mode)
    {
        var data = View(Rows(240, (i, random) => i >= 40 && i % 2 == 1 ? Enumerable.Repeat(float.NaN, Width) : Numbers(random)));
        Assert.IsEmpty(Warnings(data));
        var warnings = Warnings(_mlContext.Transforms.ReplaceMissingValues("A", replacementMode: mode).Fit(data).Transform(data));
        Assert.HasCount(1, warnings);
        StringAssert.StartsWith(warnings[0], "Column 'A' is ");
        Assert.Contains(" in 100 of 240 rows", warnings[0]);
    }

    [TestMethod]
    public void EmptyCellsOfATextFile()
    {
        var file = Path.GetTempFileName();
        try
        {
            var random = new Random(1);
            File.WriteAllLines(file, Enumerable.Range(0, 120).Select(i => string.Join('\t',
                Numbers(random).Select(value => i % 3 == 0 ? "" : value.ToString(CultureInfo.InvariantCulture)).Concat(
                Numbers(random).Select(value => i % 3 == 1 ? "" : value.ToString(CultureInfo.InvariantCulture))))));
            TextLoader.Options Options(bool missingIsNaN) => new()
            {
                Columns = [new("A", DataKind.Single, 0, Width - 1), new("B", DataKind.Single, Width, 2 * Width - 1)],
                MissingRealsAsNaNs = missingIsNaN,
            };
            var warnings = Warnings(_mlContext.Data.CreateTextLoader(Options(false)).Load(file));
            Assert.HasCount(2, warnings);
            StringAssert.StartsWith(warnings[0], "Column 'A' is 0 in every slot in 40 of 120 rows, which looks like a default value.");
            StringAssert.StartsWith(warnings[1], "Column 'B' is 0 in every slot in 40 of 120 rows, which looks like a default value.");
            Assert.IsEmpty(Warnings(_mlContext.Data.CreateTextLoader(Options(true)).Load(file)));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [TestMethod]
    public void AColumnThatIsTheSameInAllRows()
    {
        var options = Options();
        options.ModalityA = Modality.Text("EmbeddingA", "Text");
        var rows = Rows(30, (_, random) => Numbers(random));
        rows.ForEach(row => row.Text = "protein");
        var warnings = Warnings(View(rows), options);
        Assert.AreEqual("Column 'Text' is the same in all 30 rows that have it: nothing can be learnt from it.", warnings.Single());
        foreach (var row in rows.Index())
            row.Item.Text = row.Index % 3 == 0 ? "not available" : $"protein number {row.Index}";
        StringAssert.StartsWith(Warnings(View(rows), options).Single(), "Column 'Text' is bit for bit the same in 10 of 30 rows (row 0 is the first)");
    }

    [TestMethod]
    public void TheSameWordsForTheValidationData()
    {
        var train = View(Rows(60, (_, random) => Numbers(random)));
        var validation = View(Rows(60, (i, random) => i % 2 == 0 ? new float[Width] : Numbers(random)));
        var log = new ContextLog(_mlContext);
        using var model = _mlContext.Transforms.GentleClip(Options()).Fit(train, validation);
        StringAssert.StartsWith(log.Warnings.Single(), "Validation data: Column 'A' is 0 in every slot in 30 of 60 rows");
    }

    /// <summary>Data that look odd and are as they should be.</summary>
    public static IEnumerable<object[]> Innocent => new string[]
    {
        "bags of words, some empty", "bags of few words, many empty", "one-hot", "one-hot, lopsided", "small integers", "counts of one event", "few zeros",
        "prototypes", "repeated captions", "binary", "digits",
    }.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Innocent))]
    public void NothingIsSaidOfDataAsTheyShouldBe(string name) => Assert.IsEmpty(Warnings(Rows(400, (_, random) => name switch
    {
        "bags of words, some empty" => random.NextDouble() < 0.1 ? new float[200] : Bag(random, 200, 15),
        "bags of few words, many empty" => Bag(random, 30, random.Next(4) == 0 ? 2 : random.Next(3)),
        "one-hot" => OneHot(5, random.Next(5)),
        "one-hot, lopsided" => OneHot(5, random.NextDouble() < 0.9 ? 0 : random.Next(5)),
        "small integers" => Enumerable.Range(0, 3).Select(_ => (float)random.Next(4)),
        "counts of one event" => [random.NextDouble() < 0.6 ? 0 : random.Next(1, 6)],
        "few zeros" => random.NextDouble() < 0.02 ? new float[Width] : Numbers(random),
        "prototypes" => Numbers(new Random(random.Next(20))),
        "digits" => Enumerable.Range(0, 64).Select(pixel => pixel % 8 is 0 or 7 || random.NextDouble() < 0.4 ? 0f : random.Next(17)),
        "repeated captions" => Numbers(new Random(random.Next(100))),
        _ => Enumerable.Range(0, 6).Select(_ => random.NextDouble() < 0.3 ? 1f : 0f),
    })));

    [TestMethod]
    public void NothingIsSaidOfTheSamplesData()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "data", "samples", "protein-chains.tsv.gz");
        using var chains = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        var sequences = new List<string>();
        while (chains.ReadLine() is { } line)
            if (!line.StartsWith('#'))
                sequences.Add(line.Split('\t')[5][..30]);
        Assert.IsGreaterThan(1000, sequences.Count);
        var random = new Random(1);
        var rows = sequences.Take(1200).Select(sequence => new Row
        {
            Text = sequence,
            B = [.. Numbers(random)],
            A = [.. "ACDEFGHIKLMNPQRSTVWY".Select(letter => (float)sequence.Count(other => other == letter))],
        }).ToList();
        var options = Options();
        options.ModalityA = Modality.Text("EmbeddingA", "Text");
        Assert.IsEmpty(Warnings(View(rows), options));
        Assert.IsEmpty(Warnings(View(rows)));
    }

    private static IEnumerable<float> Numbers(Random random) => [.. Enumerable.Range(0, Width).Select(_ => random.NextSingle() + 0.1f)];

    private static float[] Bag(Random random, int vocabulary, int words)
    {
        var bag = new float[vocabulary];
        for (var i = 0; i < words; i++)
            bag[random.Next(vocabulary)]++;
        return bag;
    }

    private static float[] OneHot(int size, int slot)
    {
        var vector = new float[size];
        vector[slot] = 1;
        return vector;
    }

    private static List<Row> Rows(int count, Func<int, Random, IEnumerable<float>> a)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, count).Select(i => new Row { A = [.. a(i, random)], B = [.. Numbers(random)] })];
    }

    private IDataView View(List<Row> rows)
    {
        var definition = SchemaDefinition.Create(typeof(Row));
        definition["A"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, rows[0].A!.Length);
        definition["B"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, Width);
        return _mlContext.Data.LoadFromEnumerable(rows, definition);
    }

    private List<string> Warnings(List<Row> rows) => Warnings(View(rows));

    private List<string> Warnings(IDataView data, GentleClipOptions? options = null)
    {
        var log = new ContextLog(_mlContext);
        using var model = _mlContext.Transforms.GentleClip(options ?? Options()).Fit(data);
        return log.Warnings;
    }

    private static GentleClipOptions Options() => new()
    {
        ModalityA = Modality.Vector("EmbeddingA", "A"),
        ModalityB = Modality.Vector("EmbeddingB", "B"),
        EmbeddingDimension = 8,
        MaximumNumberOfSteps = 1,
        Batches = new() { Size = 16 },
        NumberOfThreads = 1,
        ClosedForm = null,
    };
}
