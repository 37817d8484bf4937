using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Onnx;

/// <summary><c>mlContext.Model.ConvertToOnnx</c> on pipelines with our transformer: one file that computes what ML.NET does.</summary>
[TestClass]
public sealed class PipelineExportTests : IDisposable
{
    private static readonly MLContext Context = Pipelines.Context;
    private static readonly IDataView Train = Pipelines.View(Pipelines.Rows(120));

    private static readonly Dictionary<string, (Func<IEstimator<ITransformer>> Pipeline, string[] Outputs)> Cases = new()
    {
        ["towers"] = (() => Clip(), ["EmbeddingA", "EmbeddingB"]),
        ["towers without hidden layers"] =
            (() => Clip(options => options.ModalityA = Modality.Vector("EmbeddingA", "A", new VectorEncoderOptions { HiddenDimensions = [] })),
            ["EmbeddingA"]),
        ["towers of three layers"] =
            (() => Clip(options => options.ModalityB = Modality.Vector("EmbeddingB", "B", new VectorEncoderOptions { HiddenDimensions = [20, 30, 10] })),
            ["EmbeddingB"]),
        ["closed form"] = (() => ClosedForm(ClosedFormRole.Alone), ["EmbeddingA", "EmbeddingB"]),
        ["closed form, every part"] = (() => ClosedForm(ClosedFormRole.Alone, hasAllParts: true), ["EmbeddingA", "EmbeddingB"]),
        ["closed form, kernel only"] = (() => ClosedForm(ClosedFormRole.Alone, linearWeight: 0), ["EmbeddingA", "EmbeddingB"]),
        ["closed form beside towers"] = (() => ClosedForm(ClosedFormRole.BesideTowers), ["EmbeddingA", "EmbeddingB"]),
        ["closed form beside towers, every part"] = (() => ClosedForm(ClosedFormRole.BesideTowers, hasAllParts: true), ["EmbeddingA", "EmbeddingB"]),
        ["teacher"] =
            (() => Clip(options =>
            {
                options.ClosedForm = new ClosedFormOptions { Role = ClosedFormRole.Teacher };
                options.Objectives = options.Objectives.With(new KlotObjective());
            }),
            ["EmbeddingA"]),
        ["rows with both sides for what follows"] = (() => Clip(options => options.TrainingRows = TrainingRows.WithBoth), ["EmbeddingA", "EmbeddingB"]),
        ["normalised before, over the input"] =
            (() => Context.Transforms.NormalizeMinMax("A").Append(Context.Transforms.NormalizeMeanVariance("B")).Append(Clip()),
            ["A", "B", "EmbeddingA", "EmbeddingB"]),
        ["marked before"] = (() => Context.Transforms.MarkMissingModality("A").Append(Clip()), ["A", "EmbeddingA", "EmbeddingB"]),
        ["marked and filled before"] =
            (() => Context.Transforms.MarkMissingModality([new("Marked", "A"), new("B")], MissingSlotReplacement.Mean)
                .Append(Clip(options => options.ModalityA = Modality.Vector("EmbeddingA", "Marked"))),
            ["Marked", "B", "EmbeddingA", "EmbeddingB"]),
        ["embedding over the input"] = (() => Clip(Name("A", "B")), ["A", "B"]),
        ["embedding over the other side's input"] = (() => Clip(Name("B", "A")), ["A", "B"]),
        ["embedding over the input, read again"] = (() => Clip(Name("A", "B")).Append(Context.Transforms.Concatenate("Both", "B", "A")), ["A", "Both"]),
        ["two of ours, one on the other"] = (() => Clip().Append(Clip(options =>
        {
            options.ModalityA = Modality.Vector("SecondA", "EmbeddingA");
            options.ModalityB = Modality.Vector("SecondB", "EmbeddingB");
        })), ["EmbeddingA", "SecondA", "SecondB"]),
        ["two of ours with the same names"] = (() => Clip().Append(ClosedForm(ClosedFormRole.Alone)), ["EmbeddingA", "EmbeddingB"]),
        ["two of ours side by side, and a copy"] =
            (() => ClosedForm(ClosedFormRole.Alone).Append(Clip(Name("TowerA", "TowerB"))).Append(Context.Transforms.CopyColumns("Copy", "TowerB")),
            ["EmbeddingA", "TowerA", "Copy"]),
        ["float64 and a single number"] = (() => Context.Transforms.Conversion.ConvertType("D", "A", DataKind.Double).Append(Clip(options =>
        {
            options.ModalityA = Modality.Vector("EmbeddingA", "D");
            options.ModalityB = Modality.Vector("EmbeddingB", "Target");
        })), ["EmbeddingA", "EmbeddingB"]),
        ["concatenated and normalised after"] =
            (() => Clip().Append(Context.Transforms.Concatenate("Features", "EmbeddingB", "EmbeddingA", "Target"))
                .Append(Context.Transforms.NormalizeMinMax("Features")),
            ["Features"]),
        ["SDCA"] =
            (() => Clip().Append(Key()).Append(Context.MulticlassClassification.Trainers.SdcaMaximumEntropy("Label", "EmbeddingA")),
            ["EmbeddingA", "Score", "PredictedLabel"]),
        ["SDCA, values of the key"] = (() => Clip().Append(Key()).Append(Context.MulticlassClassification.Trainers.SdcaMaximumEntropy("Label", "EmbeddingA"))
            .Append(Context.Transforms.Conversion.MapKeyToValue("Found", "PredictedLabel")), ["Score", "Found"]),
        ["L-BFGS of several classes"] =
            (() => ClosedForm(ClosedFormRole.Alone).Append(Key()).Append(Context.MulticlassClassification.Trainers.LbfgsMaximumEntropy("Label", "EmbeddingB")),
            ["Score"]),
        ["L-BFGS"] =
            (() => Clip().Append(Context.BinaryClassification.Trainers.LbfgsLogisticRegression("IsFirst", "EmbeddingA")),
            ["Score", "Probability", "PredictedLabel"]),
        ["FastTree"] =
            (() => Clip().Append(Context.BinaryClassification.Trainers.FastTree("IsFirst", "EmbeddingA", numberOfTrees: 5, minimumExampleCountPerLeaf: 5)),
            ["Score", "Probability", "PredictedLabel"]),
        ["LightGBM"] =
            (() => Clip().Append(Context.Regression.Trainers.LightGbm("Target", "EmbeddingA", numberOfIterations: 5, minimumExampleCountPerLeaf: 5)),
            ["Score"]),
        ["regression"] = (() => Clip().Append(Context.Regression.Trainers.Sdca("Target", "EmbeddingB")), ["Score"]),
        ["KMeans"] = (() => Clip().Append(Context.Clustering.Trainers.KMeans("EmbeddingA", numberOfClusters: 3)), ["EmbeddingA", "Score"]),
        ["PCA"] = (() => Clip().Append(Context.Transforms.ProjectToPrincipalComponents("Components", "EmbeddingB", rank: 4)), ["Components"]),
    };

    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Names => Cases.Keys.Select(name => (object[])[name]);

    public void Dispose() => _folder.Dispose();

    /// <summary>A classifier on an embedding: the graph's inputs are the data's columns and nothing else.</summary>
    [TestMethod]
    public void TheEmbeddingsAreNoInputs()
    {
        var model = Clip().Append(Key()).Append(Context.MulticlassClassification.Trainers.SdcaMaximumEntropy("Label", "EmbeddingA")).Fit(Train);
        using var session = new OnnxRuntime.InferenceSession(Pipelines.Convert(model, Train));
        CollectionAssert.AreEquivalent(Train.Schema.Select(column => column.Name).ToArray(), session.InputMetadata.Keys.ToArray());
        CollectionAssert.AreEqual(new[] { -1, 16 }, session.OutputMetadata["EmbeddingA.output"].Dimensions);
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void OneFileComputesWhatMlNetDoes(string name)
    {
        var (pipeline, outputs) = Cases[name];
        var model = pipeline().Fit(Train);
        var test = Pipelines.View(Pipelines.Rows(40, seed: 9));
        // ML.NET's graph counts the clusters of KMeans from 0, its scorer from 1: there only what is named is compared.
        string[] wanted = name == "KMeans" ? outputs : [];
        Pipelines.Compare(TestContext, Pipelines.Convert(model, test, wanted), test, model.Transform(test), outputs);
    }

    [TestMethod]
    public void NoTensorIsLeftBehind()
    {
        using var model = (GentleClipTransformer)Cases["closed form beside towers, every part"].Pipeline().Fit(Train);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var live = TorchSharp.torch.Tensor.TotalCount;
        Pipelines.Convert(model, Train);
        Assert.AreEqual(live, TorchSharp.torch.Tensor.TotalCount);
    }

    /// <summary>Missing sides and slots that are no finite number: NaN in every slot, from both.</summary>
    [TestMethod]
    [DataRow("towers")]
    [DataRow("towers without hidden layers")]
    [DataRow("closed form")]
    [DataRow("closed form, every part")]
    [DataRow("closed form, kernel only")]
    [DataRow("closed form beside towers")]
    [DataRow("normalised before, over the input")]
    [DataRow("two of ours, one on the other")]
    [DataRow("marked before")]
    [DataRow("marked and filled before")]
    public void MissingSidesAreNaN(string name)
    {
        var (pipeline, outputs) = Cases[name];
        var model = pipeline().Fit(Train);
        var test = Pipelines.View(Pipelines.Gaps(40));
        Pipelines.Compare(TestContext, Pipelines.Convert(model, test, outputs), test, model.Transform(test), outputs);
    }

    [TestMethod]
    public void OnlyTheOutputsThatAreWanted()
    {
        var model = Clip().Append(Context.BinaryClassification.Trainers.LbfgsLogisticRegression("IsFirst", "EmbeddingA")).Fit(Train);
        var file = Pipelines.Convert(model, Train, "Probability", "EmbeddingB");
        using (var session = new OnnxRuntime.InferenceSession(file))
        {
            // ML.NET writes the names of a column's slots as an output of their own, "mlnet.NAME...".
            string[] columns = [.. session.OutputMetadata.Keys.Where(name => !name.StartsWith("mlnet.", StringComparison.Ordinal))];
            CollectionAssert.AreEquivalent(new[] { "Probability.output", "EmbeddingB.output" }, columns);
        }
        Pipelines.Compare(TestContext, file, Train, model.Transform(Train), "Probability", "EmbeddingB");
    }

    [TestMethod]
    public void AModelThatWasSavedAndLoaded()
    {
        var model = Cases["SDCA"].Pipeline().Fit(Train);
        Context.Model.Save(model, Train.Schema, _folder.File("model.zip"));
        var loaded = Context.Model.Load(_folder.File("model.zip"), out _);
        var file = Pipelines.Convert(loaded, Train);
        Pipelines.Compare(TestContext, file, Train, model.Transform(Train), "EmbeddingA", "Score", "PredictedLabel");
        CollectionAssert.AreEqual(Pipelines.Convert(model, Train), file, "equal models give equal bytes");
    }

    [TestMethod]
    public void ApplyOnnxModelRunsTheFile()
    {
        var model = Cases["L-BFGS"].Pipeline().Fit(Train);
        File.WriteAllBytes(_folder.File("model.onnx"), Pipelines.Convert(model, Train));
        var rows = Pipelines.View(Pipelines.Rows(30, seed: 9));
        string[] inputs = ["A", "B", "Kind", "IsFirst", "Target", "Labels"];
        using var applied = Context.Transforms.ApplyOnnxModel(["EmbeddingA.output", "Probability.output"], inputs, _folder.File("model.onnx")).Fit(rows);
        var (view, expected) = (applied.Transform(rows), model.Transform(rows));
        // ML.NET takes off the ending that its export puts on.
        var (embeddings, wanted) = (Embeddings.Column(view, "EmbeddingA"), Embeddings.Column(expected, "EmbeddingA"));
        for (var i = 0; i < wanted.Length; i++)
            Assert.IsLessThanOrEqualTo(1e-5f, OnnxModels.Difference(wanted[i], embeddings[i], $"row {i}"));
        var (probabilities, right) = (view.GetColumn<float[]>("Probability").ToArray(), expected.GetColumn<float>("Probability").ToArray());
        for (var i = 0; i < right.Length; i++)
            Assert.AreEqual(right[i], probabilities[i][0], 1e-5f, $"row {i}");
    }

    /// <summary>Rows that are split, filtered or cached are the same rows to a graph.</summary>
    [TestMethod]
    public void AnyViewOfTheRowsWillDo()
    {
        var model = Cases["L-BFGS"].Pipeline().Fit(Train);
        IDataView[] views =
        [
            Context.Data.TrainTestSplit(Train).TestSet,
            Context.Data.TakeRows(Context.Data.FilterRowsByMissingValues(Train, "A"), 20),
            Context.Data.Cache(Train),
        ];
        string[] outputs = ["Probability", "EmbeddingA"];
        foreach (var view in views)
            Pipelines.Compare(TestContext, Pipelines.Convert(model, view, outputs), Train, model.Transform(Train), outputs);
    }

    [TestMethod]
    public void MatricesAndFloat64OfTheData()
    {
        var rows = TwoViews.Pairs(60, seed: 4).Select(row => new Shapes { A = row.A!, B = Array.ConvertAll(row.B!, value => (double)value) });
        var data = Context.Data.LoadFromEnumerable(rows);
        var model = ClosedForm(ClosedFormRole.BesideTowers).Fit(data);
        Pipelines.Compare(TestContext, Pipelines.Convert(model, data), data, model.Transform(data), "EmbeddingA", "EmbeddingB");
    }

    [TestMethod]
    public void CombinedModalities()
    {
        var data = Context.Data.CombineModalities(Select(20, "A", "B"), Select(21, "A"), Select(22, "B"));
        var model = Clip().Fit(data);
        Pipelines.Compare(TestContext, Pipelines.Convert(model, data, "EmbeddingA", "EmbeddingB"), data, model.Transform(data), "EmbeddingA", "EmbeddingB");

        IDataView Select(int seed, params string[] columns)
        {
            var view = Pipelines.View(Pipelines.Rows(25, seed));
            return Context.Transforms.SelectColumns(columns).Fit(view).Transform(view);
        }
    }

    [TestMethod]
    [DataRow("towers", 9)]
    [DataRow("towers", 11)]
    [DataRow("closed form, every part", 12)]
    public void OlderOperators(string name, int opset)
    {
        var model = Cases[name].Pipeline().Fit(Train);
        using var stream = new MemoryStream();
        Context.Model.ConvertToOnnx(model, Train, opset, stream);
        Pipelines.Compare(TestContext, stream.ToArray(), Train, model.Transform(Train), "EmbeddingA");
    }

    [TestMethod]
    public void OperatorsThatAreTooOldAreRefused()
    {
        var model = Cases["closed form"].Pipeline().Fit(Train);
        using var stream = new MemoryStream();
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Context.Model.ConvertToOnnx(model, Train, 10, stream));
        StringAssert.Contains(error.Message, "GentleClipTransformer");
        StringAssert.Contains(error.Message, "12");
    }

    private sealed class Shapes
    {
        [VectorType(3, TwoViews.DimensionA / 3)]
        public float[] A { get; set; } = [];

        [VectorType(TwoViews.DimensionB)]
        public double[] B { get; set; } = [];
    }

    private static Action<GentleClipOptions> Name(string outputA, string outputB) => options =>
    {
        options.ModalityA = Modality.Vector(outputA, "A");
        options.ModalityB = Modality.Vector(outputB, "B");
    };

    private static IEstimator<ITransformer> Clip(Action<GentleClipOptions>? change = null)
    {
        var options = TwoViews.Options(steps: 5);
        options.Seed = 3;
        change?.Invoke(options);
        return Context.Transforms.GentleClip(options);
    }

    private static IEstimator<ITransformer> ClosedForm(ClosedFormRole role, bool hasAllParts = false, double linearWeight = 1) => Clip(options =>
    {
        var part = hasAllParts ? ClosedFormPart.On : ClosedFormPart.Off;
        var method = hasAllParts ? ClosedFormMethod.SelfTraining : ClosedFormMethod.Blend;
        options.ClosedForm = new ClosedFormOptions
        {
            Role = role,
            Method = method,
            LinearWeight = linearWeight,
            Smoothing = hasAllParts,
            Spectral = part,
            SelfTraining = part,
        };
    });

    private static IEstimator<ITransformer> Key() => Context.Transforms.Conversion.MapValueToKey("Label", "Kind");
}
