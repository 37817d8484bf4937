using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Estimators;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

/// <summary>The slots of embedding columns have names, so that what ML.NET says about features says which.</summary>
[TestClass]
public sealed class SlotNameTests
{
    [TestMethod]
    public void EverySlotIsNamedAfterItsColumn()
    {
        var mlContext = new MLContext(seed: 1);
        var data = mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(20, seed: 1));
        using var model = mlContext.Transforms.GentleClip(TwoViews.Options(steps: 2)).Fit(data);
        var (loaded, _) = EstimatorContract.SaveAndLoad(mlContext, model, data.Schema);
        using var disposal = (IDisposable)loaded;
        using var stream = new MemoryStream();
        mlContext.Data.SaveAsBinary(model.Transform(data), stream);
        var stored = mlContext.Data.LoadFromBinary(new MultiFileSourceOf(stream.ToArray()));
        DataViewSchema[] schemas =
        [
            model.Transform(data).Schema, model.GetOutputSchema(data.Schema), loaded.Transform(data).Schema,
            model.GetRowToRowMapper(data.Schema).OutputSchema, stored.Schema,
        ];
        foreach (var schema in schemas)
            foreach (var column in new[] { "EmbeddingA", "EmbeddingB" })
                Assert.AreSequenceEqual(Enumerable.Range(0, 16).Select(slot => $"{column}.{slot}"), Names(schema[column]));
    }

    [TestMethod]
    public void PermutationFeatureImportanceSaysWhichSlot()
    {
        var mlContext = new MLContext(seed: 1);
        var data = mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(60, seed: 1));
        using var model = mlContext.Transforms.GentleClip(TwoViews.Options(steps: 5))
            .Append(mlContext.Transforms.Conversion.MapValueToKey("Label", "Cluster")).Fit(data);
        var embedded = model.Transform(data);
        var classifier = mlContext.MulticlassClassification.Trainers.SdcaMaximumEntropy(featureColumnName: "EmbeddingA").Fit(embedded);
        var importance = mlContext.MulticlassClassification.PermutationFeatureImportance(
            (ITransformer)new TransformerChain<ITransformer>(classifier), classifier.Transform(embedded));
        var expected = Enumerable.Range(0, 16).Select(slot => $"EmbeddingA.{slot}");
        Assert.AreSequenceEqual(expected.Order(StringComparer.Ordinal), importance.Keys.Order(StringComparer.Ordinal));
    }

    private static string[] Names(DataViewSchema.Column column)
    {
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.GetSlotNames(ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }

    private sealed class MultiFileSourceOf(byte[] content) : IMultiStreamSource
    {
        public int Count => 1;

        public string GetPathOrNull(int index) => null!;

        public Stream Open(int index) => new MemoryStream(content);

        public TextReader OpenTextReader(int index) => new StreamReader(Open(index));
    }
}
