using System.Reflection;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Tests.Catalog;

[TestClass]
public sealed class GentleClipCatalogTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    [TestMethod]
    public void TheFiveNamesAreFixed()
    {
        var method = typeof(GentleClipCatalog).GetMethods().Single(m => m.Name == "GentleClip" && m.GetParameters().Length == 6);
        CollectionAssert.AreEqual(
            new[] { "catalog", "outputColumnNameA", "inputColumnNameA", "outputColumnNameB", "inputColumnNameB", "pairedColumnName" },
            method.GetParameters().Select(parameter => parameter.Name).ToArray());
        Assert.IsTrue(method.GetParameters()[5].IsOptional);
        Assert.IsNull(method.GetParameters()[5].DefaultValue);
    }

    [TestMethod]
    public void ColumnNamesGoWhereTheyBelong()
    {
        // The paired column is the one of the promise that is asked for, the outputs are those that it adds.
        var schema = Schema("IsPaired");
        var promise = _mlContext.Transforms.GentleClip(
            outputColumnNameA: "SequenceEmbedding", inputColumnNameA: "A", outputColumnNameB: "StructureEmbedding", inputColumnNameB: "B",
                pairedColumnName: "IsPaired")
            .GetOutputSchema(schema);
        foreach (var name in new[] { "SequenceEmbedding", "StructureEmbedding" })
        {
            var column = promise.Single(column => column.Name == name);
            Assert.AreEqual((SchemaShape.Column.VectorKind.Vector, NumberDataViewType.Single, false), (column.Kind, column.ItemType, column.IsKey));
        }
        AssertMissing("input column 'B2'", () => _mlContext.Transforms.GentleClip("X", "A", "Y", "B2").GetOutputSchema(schema));
        AssertMissing("input column 'A2'", () => _mlContext.Transforms.GentleClip("X", "A2", "Y", "B").GetOutputSchema(schema));
        AssertMissing("paired column 'P2'", () => _mlContext.Transforms.GentleClip("X", "A", "Y", "B", "P2").GetOutputSchema(schema));
    }

    [TestMethod]
    public void TheShortFormTrainsWithTheRecommendedOptions()
    {
        var estimator = _mlContext.Transforms.GentleClip("X", "A", "Y", "B", "IsPaired");
        var options = (GentleClipOptions)typeof(GentleClipEstimator).GetField("_options", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(estimator)!;
        var expected = new GentleClipOptions { PairedColumnName = "IsPaired" };
        foreach (var property in typeof(GentleClipOptions).GetProperties().Where(property => !property.Name.StartsWith("Modality", StringComparison.Ordinal)))
            Assert.AreEqual(property.GetValue(expected), property.GetValue(options), property.Name);
        foreach (var (modality, input, output) in new[] { (options.ModalityA!, "A", "X"), (options.ModalityB!, "B", "Y") })
        {
            Assert.AreEqual((input, output), (modality.InputColumnName, modality.OutputColumnName));
            Assert.AreEqual(new VectorEncoderOptions(), ((VectorModality)modality).Encoder);
        }
    }

    [TestMethod]
    public void BadArgumentsAreRefused()
    {
        Assert.ThrowsExactly<ArgumentNullException>(() => GentleClipCatalog.GentleClip(null!, new GentleClipOptions()));
        Assert.ThrowsExactly<ArgumentNullException>(() => _mlContext.Transforms.GentleClip(null!));
        Assert.Contains("Both modalities read column 'A'",
            Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Transforms.GentleClip("X", "A", "Y", "A")).Message);
        Assert.Contains("Both modalities write column 'X'",
            Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Transforms.GentleClip("X", "A", "X", "B")).Message);
        Assert.AreEqual("PairedColumnName", Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Transforms.GentleClip("X", "A", "Y", "B", "")).ParamName);
        Assert.AreEqual("outputColumnName", Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Transforms.GentleClip("", "A", "Y", "B")).ParamName);
        Assert.AreEqual("inputColumnName", Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Transforms.GentleClip("X", "A", "Y", " ")).ParamName);
        Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Data.CombineModalities(null, null, null));
    }

    private SchemaShape Schema(params string[] keep) =>
        SchemaShapes.Of(_mlContext.Transforms.SelectColumns(["A", "B", .. keep])
            .Fit(_mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(1, seed: 1)))
                .Transform(_mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(1, seed: 1))).Schema);

    private static void AssertMissing(string what, Action action) =>
        Assert.Contains($"Could not find {what}", Assert.ThrowsExactly<ArgumentOutOfRangeException>(action).Message);
}
