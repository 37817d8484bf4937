using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Custom;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.GentleClip.Tests.Onnx;

/// <summary>What ML.NET's own export cannot express is refused by name; it never becomes an input of the graph.</summary>
[TestClass]
public sealed class PipelineRefusalTests
{
    private static readonly MLContext Context = Pipelines.Context;

    public TestContext TestContext { get; set; } = null!;

    private static IEnumerable<object[]> Prepared =>
    [
        [Modality.ProteinSequence("Embedding", "Sequence", Proteins.SmallSequence), "sequences are tokenised"],
        [Modality.ProteinStructure("Embedding", "Carbons", "Sequence", Proteins.SmallStructure), "neighbours of residues"],
        [Modality.Text("Embedding", "Text", Captions.SmallNGrams), "n-grams of texts"],
        [Modality.Image("Embedding", "Picture", Pictures.Images, Pictures.ResNet), "pictures are scaled"],
        [Modality.Image("Embedding", "Picture", Pictures.Images, Pictures.ViT), "pictures are scaled"],
    ];

    [TestMethod]
    [DynamicData(nameof(Prepared))]
    public void WhatIsPreparedOutsideOfOnnx(Modality modality, string reason)
    {
        using var transformer = OnnxModels.Create(modality);
        var data = Context.Data.LoadFromEnumerable(new[] { new Row() });
        var chain = new TransformerChain<ITransformer>(transformer, Context.Transforms.CopyColumns("Copy", "OtherEmbedding").Fit(transformer.Transform(data)));
        foreach (var model in new ITransformer[] { transformer, chain })
        {
            var error = Assert.ThrowsExactly<NotSupportedException>(() => Pipelines.Convert(model, data));
            TestContext.WriteLine(error.Message);
            string[] parts = ["'Embedding'", $"'{modality.InputColumnName}'", reason, "ConvertGentleClipToOnnx(model, path, \"Embedding\")", "Data.Cache"];
            foreach (var part in parts)
                StringAssert.Contains(error.Message, part);
        }
    }

    [TestMethod]
    public void ANetworkOfOnesOwn()
    {
        var data = Pipelines.View(Pipelines.Rows(40));
        var options = TwoViews.Options(steps: 2);
        options.ModalityA = Modality.Vector("EmbeddingA", "A", new GatedOptions());
        using var model = Context.Transforms.GentleClip(options).Fit(data);
        var error = Assert.ThrowsExactly<NotSupportedException>(() => Pipelines.Convert(model, data));
        TestContext.WriteLine(error.Message);
        foreach (var part in new[] { "'EmbeddingA'", "a network of your own", "ConvertGentleClipToOnnx" })
            StringAssert.Contains(error.Message, part);
    }

    /// <summary>What the message advises: the steps behind the embeddings are converted alone, on data that have them.</summary>
    [TestMethod]
    public void TheStepsAfterItConvertOnCachedEmbeddings()
    {
        using var transformer = OnnxModels.Create(Modality.Text("Embedding", "Text", Captions.SmallNGrams));
        var rows = Captions.Pairs(60, seed: 4).Select((row, i) => new Row { Text = row.Text!, Other = row.Features![..3], IsFirst = i % 2 == 0 }).ToList();
        var all = transformer.Transform(Context.Data.LoadFromEnumerable(rows));
        var embedded = Context.Data.Cache(Context.Transforms.SelectColumns("Embedding", "IsFirst").Fit(all).Transform(all));
        var classifier = Context.BinaryClassification.Trainers.LbfgsLogisticRegression("IsFirst", "Embedding").Fit(embedded);
        Pipelines.Compare(TestContext, Pipelines.Convert(classifier, embedded), embedded, classifier.Transform(embedded), "Probability");
    }

    /// <summary>ML.NET leaves out what it cannot convert; the columns that it would then read from the data instead are another step's.</summary>
    [TestMethod]
    public void AStepBeforeItThatCannotBeConverted()
    {
        var data = Pipelines.View(Pipelines.Rows(40));
        var options = TwoViews.Options(steps: 2);
        var clip = Context.Transforms.GentleClip(options);
        var over = Context.Transforms.CustomMapping<Features, Features>(Double, contractName: null).Append(clip).Fit(data);
        var error = Assert.ThrowsExactly<NotSupportedException>(() => Pipelines.Convert(over, data));
        TestContext.WriteLine(error.Message);
        StringAssert.Contains(error.Message, "'A'");
        var beside = Context.Transforms.CustomMapping<Features, Other>(Sum, contractName: null).Append(clip).Fit(data);
        Pipelines.Compare(TestContext, Pipelines.Convert(beside, data, "EmbeddingA"), data, beside.Transform(data), "EmbeddingA");

        static void Double(Features input, Features output) => output.A = [.. input.A.Select(value => 2 * value)];
        static void Sum(Features input, Other output) => output.Sum = input.A.Sum();
    }

    [TestMethod]
    public void ADisposedTransformer()
    {
        var data = Pipelines.View(Pipelines.Rows(20));
        var options = TwoViews.Options(steps: 2);
        var model = Context.Transforms.GentleClip(options).Fit(data);
        var view = model.Transform(data);
        model.Dispose();
        var rest = Context.Transforms.CopyColumns("Copy", "EmbeddingA").Fit(view);
        Assert.ThrowsExactly<ObjectDisposedException>(() => Pipelines.Convert(rest, view));
        Assert.ThrowsExactly<ObjectDisposedException>(() => Pipelines.Convert(model, data));
    }

    private sealed class Row
    {
        public string Text { get; set; } = "a text";

        public string Sequence { get; set; } = "MKV";

        [VectorType]
        public float[] Carbons { get; set; } = [0, 0, 0, 3.8f, 0, 0, 7.6f, 0, 0];

        [ImageType(16, 16)]
        public MLImage? Picture { get; set; }

        [VectorType(3)]
        public float[] Other { get; set; } = [1, 2, 3];

        public bool IsFirst { get; set; }
    }

    private sealed class Features
    {
        [VectorType(TwoViews.DimensionA)]
        public float[] A { get; set; } = [];
    }

    private sealed class Other
    {
        public float Sum { get; set; }
    }
}
