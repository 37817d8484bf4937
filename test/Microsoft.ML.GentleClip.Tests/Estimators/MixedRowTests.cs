using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>What a row means: pair, unpaired samples or nothing; and what Transform makes of it.</summary>
[TestClass]
public sealed class MixedRowTests
{
    private readonly MLContext _mlContext = new(seed: 1);
    private readonly GentleClipOptions _options = TwoViews.Options(steps: 25);

    [TestMethod]
    public void WithoutPairedColumnBothSidesAreAPair()
    {
        var rows = TwoViews.Mixed(20, 15, 10);
        rows.ForEach(row => row.IsPaired = !row.IsPaired); // must not matter
        var log = new ContextLog(_mlContext);
        using var model = Fit(rows);
        AssertBatches(log, pairs: 20, unpairedA: 15, unpairedB: 10);
    }

    [TestMethod]
    public void OneModalityAloneIsScoredBesideAnEmptyViewOfTheOther()
    {
        // What docs/mixed-rows.md tells: the schema needs both columns.
        using var model = Fit(TwoViews.Mixed(20, 15, 10));
        var rows = TwoViews.Pairs(5, seed: 9);
        var alone = _mlContext.Data.LoadFromEnumerable(rows.Select(row => new OnlyA { A = row.A }).ToList());
        var scored = model.Transform(_mlContext.Data.CombineModalities(null, alone, _mlContext.Data.LoadFromEnumerable<OnlyB>([])));
        CollectionAssert.AreEqual(
            Embeddings.Column(model.Transform(_mlContext.Data.LoadFromEnumerable(rows)), "EmbeddingA").SelectMany(row => row).ToArray(),
            Embeddings.Column(scored, "EmbeddingA").SelectMany(row => row).ToArray());
        Assert.IsTrue(Embeddings.Column(scored, "EmbeddingB").All(row => row.All(float.IsNaN)));
    }

    [TestMethod]
    public void EmptyCellsOfATextFileAreAbsentOnlyWhenTheLoaderIsTold()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("rows.csv");
        File.WriteAllLines(path, Enumerable.Range(0, 12).Select(i => i % 3 == 0 ? $"{i},1,{i * i}" : $",,{i}"));
        var (a, b) = (new TextLoader.Column("A", DataKind.Single, 0, 1), new TextLoader.Column("B", DataKind.Single, 2));
        foreach (var told in new[] { true, false })
        {
            var log = new ContextLog(_mlContext);
            var data = _mlContext.Data.LoadFromTextFile(path, new TextLoader.Options { Separators = [','], Columns = [a, b], MissingRealsAsNaNs = told });
            using var model = _mlContext.Transforms.GentleClip(_options).Fit(data);
            AssertBatches(log, pairs: told ? 4 : 12, unpairedA: 0, unpairedB: told ? 8 : 0);
        }
    }

    [TestMethod]
    public void WithPairedColumnBothSidesOfAFalseRowAreUnpairedSamples()
    {
        var rows = TwoViews.Mixed(20, 15, 10);
        foreach (var row in rows.Take(6))
            row.IsPaired = false;
        _options.PairedColumnName = "IsPaired";
        var log = new ContextLog(_mlContext);
        using var model = Fit(rows);
        AssertBatches(log, pairs: 14, unpairedA: 21, unpairedB: 16);
    }

    [TestMethod]
    public void SidesOfAFalseRowSayNothingOfEachOther()
    {
        // Shuffling which B stands beside which A in false rows changes the order of the samples alone: with one batch of all samples
        // the losses see the same sets. Where the rows were pairs, the training would be another one.
        var rows = TwoViews.Pairs(12, seed: 1);
        rows.ForEach(row => row.IsPaired = false);
        var (a, b) = (rows.Select(row => new TwoViews.Row { A = row.A }), rows.Select(row => new TwoViews.Row { B = row.B }));
        _options.PairedColumnName = "IsPaired";
        var pairs = TwoViews.Pairs(10, seed: 2);
        using var together = Fit([.. pairs, .. rows]);
        using var apart = Fit([.. pairs, .. a, .. b]);
        AssertEqualModels(together, apart);

        rows.ForEach(row => row.IsPaired = true);
        using var asPairs = Fit([.. pairs, .. rows]);
        Assert.AreNotEqual(apart.History[0].Losses["contrastive"], asPairs.History[0].Losses["contrastive"]);
    }

    [TestMethod]
    [DataRow(0, 30)]
    [DataRow(30, 0)]
    [DataRow(0, 0)]
    public void EitherUnpairedSideMayBeEmpty(int unpairedA, int unpairedB)
    {
        using var model = Fit(TwoViews.Mixed(20, unpairedA, unpairedB));
        var scored = model.Transform(_mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(5, seed: 9)));
        foreach (var name in new[] { "EmbeddingA", "EmbeddingB" })
            Assert.IsTrue(Embeddings.Column(scored, name).All(row => row.All(float.IsFinite)));
        Assert.IsTrue(model.History.All(epoch => epoch.Losses.Values.All(double.IsFinite)));
    }

    [TestMethod]
    public void TransformKeepsEveryRowInOrderWithNaNForAbsentOrUnusableSides()
    {
        var rows = TwoViews.Mixed(200, 150, 160); // two windows of the scoring cursor
        new Random(5).Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(rows));
        rows.Insert(3, new TwoViews.Row { Name = "nothing" });
        using var model = Fit(rows);

        // Only Fit minds a vector that is partly there.
        var scoredRows =
            rows.Select(row => new TwoViews.Row { A = (float[]?)row.A?.Clone(), B = (float[]?)row.B?.Clone(), Name = row.Name, Cluster = row.Cluster })
                .ToList();
        var (nan, infinite) = (scoredRows.FindIndex(row => row.A is not null), scoredRows.FindLastIndex(row => row.B is not null));
        scoredRows[nan].A![4] = float.NaN;
        scoredRows[infinite].B![8] = float.NegativeInfinity;

        var view = model.Transform(_mlContext.Data.LoadFromEnumerable(scoredRows));
        var names = view.GetColumn<string>("Name").ToArray();
        CollectionAssert.AreEqual(rows.Select(row => row.Name).ToArray(), names);
        CollectionAssert.AreEqual(rows.Select(row => row.Cluster).ToArray(), view.GetColumn<uint>("Cluster").ToArray());
        AssertSide("EmbeddingA", row => row.A, nan);
        AssertSide("EmbeddingB", row => row.B, infinite);

        void AssertSide(string column, Func<TwoViews.Row, float[]?> side, int unusable)
        {
            var embeddings = Embeddings.Column(view, column);
            Assert.HasCount(rows.Count, embeddings);
            for (var row = 0; row < rows.Count; row++)
            {
                Assert.HasCount(16, embeddings[row]);
                if (side(scoredRows[row]) is null || row == unusable)
                    Assert.IsTrue(embeddings[row].All(float.IsNaN), $"{column}, row {row}");
                else
                    Assert.AreEqual(1, Embeddings.Dot(embeddings[row], embeddings[row]), 1e-5, $"{column}, row {row}");
            }
        }
    }

    [TestMethod]
    public void ANullArrayUnderAFixedVectorTypeArrivesEmptyAndCountsAsAbsent()
    {
        var rows = TwoViews.Mixed(10, 5, 5);
        var view = _mlContext.Data.LoadFromEnumerable(rows);
        using (var cursor = view.GetRowCursor([view.Schema["B"]]))
        {
            var getter = cursor.GetGetter<VBuffer<float>>(view.Schema["B"]);
            VBuffer<float> value = default;
            for (var row = 0; row <= 10; row++)
                cursor.MoveNext();
            getter(ref value);
            Assert.AreEqual(0, value.Length, "ML.NET hands out something else now");
        }
        using var fromNull = Fit(rows);
        rows.ForEach(row => (row.A, row.B) = (row.A ?? AllNaN(TwoViews.DimensionA), row.B ?? AllNaN(TwoViews.DimensionB)));
        using var fromNaN = Fit(rows);
        AssertEqualModels(fromNull, fromNaN);
    }

    [TestMethod]
    public void CombinedModalitiesTrainTheSameModelAsTheHandBuiltView()
    {
        var rows = TwoViews.Mixed(20, 15, 10);
        _options.PairedColumnName = "IsPaired";
        using var byHand = Fit(rows);

        // The parts lack the column that the other modality fills.
        var view = _mlContext.Transforms.DropColumns("IsPaired").Fit(_mlContext.Data.LoadFromEnumerable(rows))
            .Transform(_mlContext.Data.LoadFromEnumerable(rows));
        var combined = _mlContext.Data.CombineModalities(
            paired: Part(rows[..20]),
            unpairedA: _mlContext.Transforms.DropColumns("B").Fit(Part(rows[20..35])).Transform(Part(rows[20..35])),
            unpairedB: _mlContext.Transforms.DropColumns("A").Fit(Part(rows[35..])).Transform(Part(rows[35..])));
        using var fromParts = _mlContext.Transforms.GentleClip(_options).Fit(combined);
        AssertEqualModels(byHand, fromParts);
        Embeddings.AssertEqualBits(Embeddings.Bits(byHand.Transform(view), "EmbeddingB"), Embeddings.Bits(fromParts.Transform(combined), "EmbeddingB"));

        IDataView Part(List<TwoViews.Row> part)
        {
            var data = _mlContext.Data.LoadFromEnumerable(part);
            return _mlContext.Transforms.DropColumns("IsPaired").Fit(data).Transform(data);
        }
    }

    [TestMethod]
    public void InitialContinuesFromAFittedModel()
    {
        var rows = TwoViews.Mixed(30, 30, 30);
        using var first = Fit(rows);
        _options.Optimizer.LearningRate = 1e-12; // as good as no step at all
        _options.MaximumNumberOfSteps = 1;
        using var second = _mlContext.Transforms.GentleClip(_options).Fit(_mlContext.Data.LoadFromEnumerable(rows), initial: first);
        using var fresh = Fit(rows);
        var test = _mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(5, seed: 9));
        var expected = Embeddings.Column(first.Transform(test), "EmbeddingA");
        Assert.IsTrue(expected.Zip(Embeddings.Column(second.Transform(test), "EmbeddingA"), Embeddings.Dot).All(cosine => cosine > 0.9999));
        Assert.IsFalse(expected.Zip(Embeddings.Column(fresh.Transform(test), "EmbeddingA"), Embeddings.Dot).All(cosine => cosine > 0.9999));
    }

    private GentleClipTransformer Fit(List<TwoViews.Row> rows) => _mlContext.Transforms.GentleClip(_options).Fit(_mlContext.Data.LoadFromEnumerable(rows));

    private void AssertEqualModels(GentleClipTransformer expected, GentleClipTransformer actual)
    {
        var test = _mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(5, seed: 9));
        foreach (var name in new[] { "EmbeddingA", "EmbeddingB" })
            Embeddings.AssertEqualBits(Embeddings.Bits(expected.Transform(test), name), Embeddings.Bits(actual.Transform(test), name));
    }

    // All samples fit into one batch here, so its numbers are those of the data.
    private static void AssertBatches(ContextLog log, int pairs, int unpairedA, int unpairedB) => Assert.Contains(
        text => text.StartsWith($"Batches of {pairs} pairs, {unpairedA} unpaired samples of A and {unpairedB} of B", StringComparison.Ordinal),
        log.Texts(Microsoft.ML.Runtime.ChannelMessageKind.Info));

    private static float[] AllNaN(int count) => [.. Enumerable.Repeat(float.NaN, count)];

    private sealed class OnlyA
    {
        [VectorType(TwoViews.DimensionA)]
        public float[]? A { get; set; }
    }

    private sealed class OnlyB
    {
        [VectorType(TwoViews.DimensionB)]
        public float[]? B { get; set; }
    }
}
