using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Transformers;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

/// <summary>A column of features beside the embedding: it names what it takes, and both share the side's passes.</summary>
[TestClass]
public sealed class FeatureColumnTests
{
    [TestMethod]
    [DataRow(256)]
    [DataRow(7)]
    public void FeaturesAndEmbeddingsComeOutOfOnePass(int batchSize)
    {
        using var transformer = Scoring.CreateTransformer();
        var (embedding, features, tower) = Columns(transformer);
        var rows = TwoViews.Pairs(40, 3);
        rows[5].A = null;
        var data = new MLContext(1).Data.LoadFromEnumerable(rows);
        var schema = new EmbeddingSchema(data.Schema, embedding, features);
        var view = new EmbeddingDataView(data, schema, [false, false], new ScoringPlan(256, batchSize, Overlap: false));
        List<float[]> embeddings = [], found = [];
        using (var cursor = view.GetRowCursor([view.Schema["EmbeddingA"], view.Schema["FeaturesA"]]))
        {
            var getEmbedding = cursor.GetGetter<VBuffer<float>>(view.Schema["EmbeddingA"]);
            var getFeatures = cursor.GetGetter<VBuffer<float>>(view.Schema["FeaturesA"]);
            VBuffer<float> value = default;
            while (cursor.MoveNext())
            {
                getFeatures(ref value);
                found.Add([.. value.DenseValues()]);
                getEmbedding(ref value);
                embeddings.Add([.. value.DenseValues()]);
            }
        }
        Assert.AreEqual((39 + batchSize - 1) / batchSize, tower.ForwardPasses, "as many passes as one column takes");
        Assert.IsTrue(found[5].All(float.IsNaN), "a row without the side");

        var alone = Embeddings.Column(transformer.Transform(data), "EmbeddingA");
        using var scope = NewDisposeScope();
        using var inference = inference_mode();
        using var store = new VectorStore(TwoViews.DimensionA);
        for (var i = 0; i < rows.Count; i++)
        {
            Assert.HasCount(transformer.Model.TowerA.FeatureDimension, found[i]);
            for (var slot = 0; slot < alone[i].Length; slot++)
                Assert.AreEqual(alone[i][slot], embeddings[i][slot], 1e-6f, $"row {i}, slot {slot}");
            if (rows[i].A is not { } values)
                continue;
            var expected = transformer.Model.TowerA.Features(new VectorBatch(tensor(values).unsqueeze(0))).data<float>().ToArray();
            for (var slot = 0; slot < expected.Length; slot++)
                Assert.AreEqual(expected[slot], found[i][slot], 1e-5f, $"row {i}, feature {slot}");
        }
    }

    [TestMethod]
    public void ASingleRowIsComputedOnce()
    {
        using var transformer = Scoring.CreateTransformer();
        var (embedding, features, tower) = Columns(transformer);
        var data = new MLContext(1).Data.LoadFromEnumerable(TwoViews.Pairs(3, 3));
        var mapper = new EmbeddingRowMapper(new EmbeddingSchema(data.Schema, embedding, features), ScoringPlan.OneRow);
        using var cursor = data.GetRowCursor(data.Schema);
        using var row = mapper.GetRow(cursor, mapper.OutputSchema);
        var getEmbedding = row.GetGetter<VBuffer<float>>(mapper.OutputSchema["EmbeddingA"]);
        var getFeatures = row.GetGetter<VBuffer<float>>(mapper.OutputSchema["FeaturesA"]);
        VBuffer<float> value = default;
        for (var passes = 1; cursor.MoveNext(); passes++)
        {
            getEmbedding(ref value);
            Assert.AreEqual(16, value.Length);
            getFeatures(ref value);
            Assert.AreEqual(transformer.Model.TowerA.FeatureDimension, value.Length);
            Assert.AreEqual(passes, tower.ForwardPasses);
        }
    }

    private static (EmbeddingColumn Embedding, EmbeddingColumn Features, TowerScorer Tower) Columns(GentleClipTransformer transformer)
    {
        var tower = new TowerScorer(new SharedModel(transformer.Model), transformer.Model, Side.A, CPU);
        return (new EmbeddingColumn(tower, ColumnOutput.Embedding, "EmbeddingA"), new EmbeddingColumn(tower, ColumnOutput.Features, "FeaturesA"), tower);
    }
}
