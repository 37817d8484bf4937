using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

/// <summary>Saved pipelines as they are: the alignment is found in any chain, and generators, texts and zero-shot take the chain.</summary>
[TestClass]
public sealed class FittedPipelineTests : IDisposable
{
    private static readonly MLContext Context = new(seed: 1);
    private static readonly IDataView Train = Context.Data.LoadFromEnumerable(TwoViews.Pairs(80, 3));

    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task TheReadmesPipelineServesAsItIs()
    {
        var pipeline = Loaded(Vectors().Append(Context.Transforms.Conversion.MapValueToKey("Label", "Cluster"))
            .Append(Context.MulticlassClassification.Trainers.SdcaMaximumEntropy(featureColumnName: "EmbeddingA")));
        var alignment = pipeline.FindGentleClip();
        Assert.HasCount(1, alignment.History);
        Assert.AreSame(alignment, alignment.FindGentleClip());
        var rows = TwoViews.Pairs(20, 4);
        var expected = Embeddings.Bits(alignment.Transform(Context.Data.LoadFromEnumerable(rows)), "EmbeddingA");
        var generated = await pipeline.CreateEmbeddingGenerator<float[]>("A").GenerateAsync(rows.Select(row => row.A!), cancellationToken: Token);
        Embeddings.AssertEqualBits(expected, [.. generated.Select(one => Array.ConvertAll(one.Vector.ToArray(), BitConverter.SingleToInt32Bits))]);
        Context.Model.ConvertGentleClipToOnnx(pipeline, _folder.File("a.onnx"), "EmbeddingA");
        Assert.IsTrue(File.Exists(_folder.File("a.onnx")));

        // In a container, from the pipeline.
        var services = new ServiceCollection();
        services.AddSingleton(pipeline);
        services.AddGentleClipEmbeddingGenerator<float[]>(inputColumnName: "B");
        await using var provider = services.BuildServiceProvider();
        var one = await provider.GetRequiredService<IEmbeddingGenerator<float[], Embedding<float>>>().GenerateAsync([rows[0].B!], cancellationToken: Token);
        Assert.AreEqual(16, one[0].Vector.Length);
    }

    [TestMethod]
    public void ChainsInChainsAreSearched()
    {
        var inner = Vectors().Append(Context.Transforms.CopyColumns("X", "EmbeddingA"));
        var pipeline = Loaded(Context.Transforms.CopyColumns("Y", "A").Append(inner.Append(Context.Transforms.CopyColumns("Z", "X"))));
        Assert.AreEqual("EmbeddingA", pipeline.FindGentleClip().ModalityA.OutputColumnName);
        _ = pipeline.CreateEmbeddingGenerator<float[]>("A"); // 'Y' is another column
    }

    [TestMethod]
    public void NoneAndSeveralAreNamed()
    {
        var none = Loaded(Context.Transforms.CopyColumns("X", "A").Append(Context.Transforms.Conversion.MapValueToKey("Label", "Cluster")));
        var error = Assert.ThrowsExactly<ArgumentException>(() => none.FindGentleClip());
        Assert.Contains("found a chain of 2 steps without: ColumnCopyingTransformer, ValueToKeyMappingTransformer.", error.Message);
        Assert.Contains("found ColumnCopyingTransformer.", Assert.ThrowsExactly<ArgumentException>(() =>
            Context.Transforms.CopyColumns("X", "A").Fit(Train).FindGentleClip()).Message);

        var second = TwoViews.Options(2);
        second.ModalityA = Modality.Vector("SecondA", "A");
        second.ModalityB = Modality.Vector("SecondB", "B");
        var two = Loaded(Vectors().Append(Context.Transforms.GentleClip(second)));
        Assert.Contains("has 2 steps of type GentleClipTransformer: name an embedding column of the one that is meant. They write 'EmbeddingA' and "
            + "'EmbeddingB'; 'SecondA' and 'SecondB'.", Assert.ThrowsExactly<ArgumentException>(() => two.FindGentleClip()).Message);
        Assert.AreEqual("SecondB", two.FindGentleClip("SecondB").ModalityB.OutputColumnName);
        Assert.Contains("No tower writes column 'Third'; expected 'EmbeddingA' or 'EmbeddingB' or 'SecondA' or 'SecondB'.",
            Assert.ThrowsExactly<ArgumentException>(() => two.FindGentleClip("Third")).Message);
    }

    /// <summary>A generator sees one input, so a step that makes the column would silently be skipped.</summary>
    [TestMethod]
    public void AStepThatMakesTheInputIsNotSkippedInSilence()
    {
        var normalised = Loaded(Context.Transforms.NormalizeMeanVariance("A").Append(Vectors()));
        var error = Assert.ThrowsExactly<ArgumentException>(() => normalised.CreateEmbeddingGenerator<float[]>("A"));
        Assert.Contains("Column 'A' is made by the step NormalizingTransformer before the embedding", error.Message);
        _ = normalised.CreateEmbeddingGenerator<float[]>("B");
        _ = normalised.FindGentleClip().CreateEmbeddingGenerator<float[]>("A");
        var custom = Context.Transforms.CustomMapping<TwoViews.Row, Extra>((_, extra) => extra.One = 1, null).Append(Vectors()).Fit(Train);
        Assert.Contains("may be made by the step", Assert.ThrowsExactly<ArgumentException>(() => custom.CreateEmbeddingGenerator<float[]>("A")).Message);
    }

    [TestMethod]
    public void TextsAndZeroShotTakeThePipeline()
    {
        var options = TwoViews.Options(4);
        options.ModalityB = Modality.Text("TextEmbedding", "Name", Captions.SmallNGrams);
        var pipeline = Loaded(Context.Transforms.Conversion.MapValueToKey("Label", "Cluster").Append(Context.Transforms.GentleClip(options)));
        Assert.HasCount(16, pipeline.EmbedTexts(["row 1"])[0]);
        Assert.AreEqual(2, pipeline.CreateZeroShotClassifier(["row 1", "row 2"]).Labels.Count);
        var labelled = pipeline.ClassifyZeroShot(Context, Train, ["row 1", "row 2"]);
        Assert.IsTrue(labelled.GetColumn<string>("PredictedLabel").All(label => label is "row 1" or "row 2"));
        var made = Loaded(Context.Transforms.CopyColumns("Name", "Name").Append(Context.Transforms.GentleClip(options)));
        Assert.Contains("Column 'Name' is made by the step ColumnCopyingTransformer",
            Assert.ThrowsExactly<ArgumentException>(() => made.EmbedTexts(["x"])).Message);
    }

    private CancellationToken Token => TestContext.CancellationToken;

    private static GentleClipEstimator Vectors() => Context.Transforms.GentleClip(TwoViews.Options(2));

    private ITransformer Loaded(IEstimator<ITransformer> pipeline)
    {
        Context.Model.Save(pipeline.Fit(Train), Train.Schema, _folder.File("model.zip"));
        return new MLContext().Model.Load(_folder.File("model.zip"), out _);
    }

    private sealed class Extra
    {
        public float One { get; set; }
    }
}
