using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Transformers;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

/// <summary>
/// The first rows of a view need little to be read and computed by libtorch, and every row has the bits that it has where a window is computed whole.
/// </summary>
[TestClass]
public sealed class FirstRowsTests
{
    private const int Side = 64, Count = 70;

    private static readonly Dictionary<string, Modality> Modalities = Create();

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Cases =>
        from name in Modalities.Keys
        from batchSize in new int?[] { null, 20 }
        from threads in name is "ESM-2" or "BERT" or "ViT" or "ResNet" ? new[] { 1, 2 } : [1]
        select new object[] { name, batchSize!, threads };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void EveryRowHasTheBitsOfAWholeWindow(string name, int? batchSize, int threads)
    {
        set_num_threads(threads);
        try
        {
            using var transformer = Transformer(name);
            var rows = Scoring.Context.Data.LoadFromEnumerable(Rows());
            transformer.Scoring = new ScoringOptions { BatchSize = batchSize };
            var expected = Whole(transformer, rows, batchSize);
            Assert.IsGreaterThan(Count / 2, expected.Select(row => row[0]).Distinct().Count());
            foreach (var overlap in new[] { true, false })
            {
                transformer.Scoring = transformer.Scoring with { Overlap = overlap };
                var found = Embeddings.Column(transformer.Transform(rows), "E");
                Assert.HasCount(expected.Length, found);
                for (var row = 0; row < found.Length; row++)
                    Assert.IsTrue(expected[row].AsSpan().SequenceEqual(found[row]), $"row {row}");
            }
        }
        finally
        {
            set_num_threads(1);
        }
    }

    [TestMethod]
    [DataRow("ESM-2", null, 1, 5)]      // 256 residues
    [DataRow("BERT", null, 1, 12)]      // 256 letters
    [DataRow("ResNet", null, 13, 13)]   // 256 patches of pictures as they are stored, a little larger than the network's
    [DataRow("ViT", null, 13, 13)]
    [DataRow("CDConv", 20, 20, 20)]     // one pass
    [DataRow("windows", 20, 20, 20)]
    [DataRow("n-grams", null, Count, Count)]
    public void TheFirstRowNeedsFewToBeComputed(string name, int? batchSize, int fewest, int most)
    {
        set_num_threads(1); // with more, the first pass stays whole
        using var transformer = Transformer(name);
        var view = View(transformer, batchSize, out _);
        using var cursor = view.GetRowCursor([view.Schema["E"]]);
        Assert.IsTrue(cursor.MoveNext());
        var computed = transformer.Columns[0].Tower.ComputedRows;
        Assert.IsInRange(fewest, TowerRun.HasKnownProducts ? most : Count, computed);
        while (cursor.MoveNext())
            Assert.IsLessThanOrEqualTo(Count, transformer.Columns[0].Tower.ComputedRows);
        Assert.AreEqual(Count, transformer.Columns[0].Tower.ComputedRows, "each row once");
    }

    [TestMethod]
    public void TheFirstPassOfPicturesIsReadBeforeTheOthers()
    {
        using var transformer = Transformer("ResNet");
        var view = View(transformer, batchSize: 20, out var upstream);
        var read = new SortedSet<int>();
        using (var cursor = view.GetRowCursor([view.Schema["E"]]))
            while (cursor.MoveNext())
                read.Add(upstream.RowsRead);
        CollectionAssert.AreEqual(new[] { 20, Count }, read.ToArray());
        // Beside a side that is divided by its lengths all rows of the window come first.
        using var both = Transformer("ResNet", Modalities["ESM-2"]);
        view = View(both, batchSize: 20, out upstream);
        using (var cursor = view.GetRowCursor([view.Schema["E"], view.Schema["Other"]]))
            Assert.IsTrue(cursor.MoveNext());
        Assert.AreEqual(Count, upstream.RowsRead);
    }

    [TestMethod]
    public void ADisposedTransformerServesNoMoreOfAWindow()
    {
        using var transformer = Transformer("CDConv");
        transformer.Scoring = new ScoringOptions { BatchSize = 20 };
        var view = transformer.Transform(Scoring.Context.Data.LoadFromEnumerable(Rows()));
        using var cursor = view.GetRowCursor([view.Schema["E"]]);
        Assert.IsTrue(cursor.MoveNext());
        transformer.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => cursor.MoveNext());
    }

    private static IDataView View(GentleClipTransformer transformer, int? batchSize, out CountingView upstream)
    {
        transformer.Scoring = new ScoringOptions { BatchSize = batchSize };
        return transformer.Transform(upstream = new CountingView(Scoring.Context.Data.LoadFromEnumerable(Rows())));
    }

    // As the window was computed before its first row was served.
    private static float[][] Whole(GentleClipTransformer transformer, IDataView rows, int? batchSize)
    {
        var column = transformer.Columns[0];
        var binding = ModalityKinds.Bind(column.Spec.Modality, rows.Schema);
        using var store = binding.CreateStore();
        using (var cursor = rows.GetRowCursor(binding.Columns))
        {
            var reader = binding.Open(cursor);
            while (cursor.MoveNext())
            {
                Assert.AreEqual(Presence.Present, reader.Read());
                store.Add(reader);
            }
        }
        var values = new float[store.Count * column.Dimension];
        column.Tower.Run(store, new LengthBatches(), new ScoringPlan(256, batchSize, Overlap: false), [(column.Output, values)]);
        return [.. values.Chunk(column.Dimension)];
    }

    private static GentleClipTransformer Transformer(string name, Modality? other = null)
    {
        using var generator = new Generator(7);
        var spec = new TwoTowerSpec(new TowerSpec(Modalities[name], name == "MLP" ? TwoViews.DimensionA : 0),
            other is null
                ? new TowerSpec(Modality.Vector("Other", "Vector", new VectorEncoderOptions { HiddenDimensions = [] }), TwoViews.DimensionA)
                : new TowerSpec(Modality.ProteinSequence("Other", "Sequence", (ProteinSequenceEncoderOptions)other.EncoderOptions), 0),
            EmbeddingDimension: 48, Temperature: 0.07);
        return new GentleClipTransformer(new FittedModel(new TwoTowerModel(spec, generator), Seed: 7, TrainingRows.All, History: []), CPU);
    }

    // Widths of real networks: narrower products are all added up in one order.
    private static Dictionary<string, Modality> Create()
    {
        var bert = new BertEncoderOptions { Size = new BertSize(2, 512, 8), MaximumLength = 60 };
        bert = bert with { Vocabulary = TextVocabulary.Learn([.. Rows().Select(row => row.Text.AsMemory())], bert) };
        return new Dictionary<string, Modality>
        {
            ["MLP"] = Modality.Vector("E", "Vector", new VectorEncoderOptions { HiddenDimensions = [512] }),
            ["ESM-2"] = Modality.ProteinSequence("E", "Sequence", new Esm2Options { Size = new Esm2Size(2, 480, 20) }),
            ["windows"] = Modality.ProteinSequence("E", "Sequence", new ProteinWindowOptions()),
            ["BERT"] = Modality.Text("E", "Text", bert),
            ["n-grams"] = Modality.Text("E", "Text", new TextNGramOptions { Buckets = 256 }),
            ["CDConv"] = Modality.ProteinStructure("E", "AlphaCarbons", encoder: new CdConvOptions()),
            ["ResNet"] = Modality.Image("E", "Picture", new ImageOptions { Size = Side }, new ResNetOptions { Size = ResNetSize.ResNet18 }),
            ["ViT"] = Modality.Image("E", "Picture", new ImageOptions { Size = Side }, new ViTOptions { Size = new ViTSize(16, 2, 384, 6) }),
        };
    }

    private static List<Row> Rows()
    {
        var random = new Random(5);
        var (pieces, vectors) = (Proteins.Pieces(Count, 20), TwoViews.Pairs(Count, 5));
        return [.. Enumerable.Range(0, Count).Select(i => new Row
        {
            Vector = vectors[i].A!,
            // The first one is neither the longest nor alone with its length.
            Sequence = string.Concat(random.GetItems<char>("LAGVSERTIDPKQNFYMHWC", i % 30 == 0 ? 260 : random.Next(20, 320))),
            Text = string.Join(' ', random.GetItems(Captions.Things, random.Next(3, 50))),
            AlphaCarbons = pieces[i].AlphaCarbons!,
            Picture = [.. Enumerable.Range(0, 3 * Side * Side).Select(_ => (float)random.Next(256))],
        })];
    }

    private sealed class Row
    {
        [VectorType(TwoViews.DimensionA)]
        public float[] Vector { get; set; } = [];

        public string Sequence { get; set; } = "";

        public string Text { get; set; } = "";

        public float[] AlphaCarbons { get; set; } = [];

        [VectorType(3, Side, Side)]
        public float[] Picture { get; set; } = [];
    }
}
