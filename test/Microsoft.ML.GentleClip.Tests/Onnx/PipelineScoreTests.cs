using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Onnx;

/// <summary>The other columns of ours in ML.NET's own export: labels of a row, and zero-shot classification.</summary>
[TestClass]
public sealed class PipelineScoreTests
{
    private static readonly MLContext Context = Pipelines.Context;
    private static readonly IDataView Train = Pipelines.View(Pipelines.Rows(150));

    private static readonly Lazy<GentleClipTransformer> Model = new(() =>
    {
        var options = TwoViews.Options(steps: 5);
        options.Seed = 3;
        return Context.Transforms.GentleClip(options).Fit(Train);
    });

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("L-BFGS", true)]
    [DataRow("FastTree", true)]
    [DataRow("perceptron", false)]
    public void OneModelALabel(string trainer, bool hasProbability)
    {
        var labels = Context.BinaryClassification.Trainers.OnePerLabel((label, features) => trainer switch
        {
            "L-BFGS" => Context.BinaryClassification.Trainers.LbfgsLogisticRegression(label, features),
            "FastTree" => Context.BinaryClassification.Trainers.FastTree(label, features, numberOfTrees: 4, minimumExampleCountPerLeaf: 5),
            _ => Context.BinaryClassification.Trainers.AveragedPerceptron(label, features),
        }, "Labels", "EmbeddingA");
        var model = new TransformerChain<ITransformer>(Model.Value, labels.Fit(Model.Value.Transform(Train)));
        string[] outputs = hasProbability ? ["Score", "Probability", "EmbeddingA"] : ["Score", "EmbeddingA"];
        var test = Pipelines.View(Pipelines.Rows(40, seed: 9));
        Pipelines.Compare(TestContext, Pipelines.Convert(model, test), test, model.Transform(test), outputs);
        var gaps = Pipelines.View(Pipelines.Gaps(30));
        Pipelines.Compare(TestContext, Pipelines.Convert(model, gaps, outputs), gaps, model.Transform(gaps), outputs);
    }

    [TestMethod]
    public void AModelThatMlNetCannotWriteIsNamed()
    {
        var trainers = Context.BinaryClassification.Trainers;
        var labels = trainers.OnePerLabel((label, features) => trainers.LdSvm(label, features, numberOfIterations: 20), "Labels", "EmbeddingA");
        var model = new TransformerChain<ITransformer>(Model.Value, labels.Fit(Model.Value.Transform(Train)));
        var error = Assert.ThrowsExactly<NotSupportedException>(() => Pipelines.Convert(model, Train));
        foreach (var part in new[] { "'Score'", "label '0'", "LdSvmModelParameters", "ConvertGentleClipToOnnx" })
            StringAssert.Contains(error.Message, part);
    }

    /// <summary>The columns of a classified view are computed by the graph too, absent embeddings included.</summary>
    [TestMethod]
    public void AZeroShotClassification()
    {
        var embedded = Model.Value.Transform(Pipelines.View(Pipelines.Rows(30)));
        var classifier = Operations.Catalog.CreateZeroShotClassifier(embedded, "EmbeddingB", "Kind");
        var data = Pipelines.View(Pipelines.Gaps(40));
        var rest = Context.Transforms.ZeroShot(classifier, "EmbeddingA", "Kinds", "Found")
            .Append(Context.Transforms.CopyColumns("Copy", "Kinds")).Fit(Model.Value.Transform(data));
        var model = Model.Value.Append(rest);
        var classified = model.Transform(data);
        var file = Pipelines.Convert(model, data, "EmbeddingA", "Kinds", "Found", "Copy");
        Pipelines.Compare(TestContext, file, data, classified, "EmbeddingA", "Kinds", "Found", "Copy");
        var found = classified.GetColumn<string>("Found").ToList();
        Assert.IsGreaterThan(2, found.Distinct().Count(), "all rows are of one kind: the comparison would pass on anything");
        Assert.Contains("", found);
    }
}
