using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Custom;
using Microsoft.ML.GentleClip.Tests.Estimators;
using Microsoft.ML.GentleClip.Tests.Onnx;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.FineTuning;

/// <summary>Every encoder that there is, fine-tuned once each: what is trained, what is not, saved, loaded, exported.</summary>
[TestClass]
public sealed class FineTuningEncoderTests : IDisposable
{
    private const float Tolerance = 1e-5f;

    private readonly TemporaryFolder _folder = new();
    private readonly EncoderCases _cases = new();

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Encoders => EncoderCases.Names.Select(name => new object[] { name });

    public void Dispose()
    {
        _folder.Dispose();
        _cases.Dispose();
    }

    [TestMethod]
    [DynamicData(nameof(Encoders))]
    public void WhatIsNotTrainedKeepsItsBits(string name)
    {
        var (modality, inputDimension) = _cases.Modalities[name];
        using var initial = OnnxModels.Create(modality, inputDimension);
        var before = State(initial.Use(model => model.TowerA.state_dict()), "encoder.");
        var all = Changed(before, name, initial, layers: null);
        Assert.IsNotEmpty(all);
        Assert.IsEmpty(Changed(before, name, initial, layers: 0));
        var last = Changed(before, name, initial, layers: 1);
        TestContext.WriteLine($"last: {string.Join(", ", last)}");
        Assert.IsNotEmpty(last);
        Assert.IsLessThan(all.Count, last.Count);
        // Of the last layer alone.
        var layer = name switch
        {
            "MLP" or "n-grams" => "layers.1.",
            "BERT" => "model.encoder.layer.1.",
            "ESM-2" => "model.layers.1.|model.emb_layer_norm_after.",
            "windows" => "network.layers.1.",
            "CDConv" => "network.layers.3.",
            "ResNet" => "model.layer4.",
            "ViT" => "model.encoder.layer.1.|model.layernorm.",
            _ => "network.norm.",
        };
        Assert.IsEmpty(last.Where(weight => !layer.Split('|').Any(weight.StartsWith)).ToList());
        // The transformer that it began with is as it was.
        Assert.IsEmpty(Differences(before, State(initial.Use(model => model.TowerA.state_dict()), "encoder.")));
    }

    /// <summary>Where batches are normalised, rows are encoded once more under the last weights; a frozen encoder keeps its statistics.</summary>
    [TestMethod]
    [DataRow("CDConv", true)]
    [DataRow("ResNet", true)]
    [DataRow("ViT", false)]
    public void StatisticsAreMeasuredAtTheEnd(string name, bool hasThem)
    {
        var (modality, inputDimension) = _cases.Modalities[name];
        using var initial = OnnxModels.Create(modality, inputDimension);
        foreach (var (layers, expected) in new[] { ((int?)null, hasThem), (0, false) })
        {
            var reports = new List<TrainingProgress>();
            var options = EncoderCases.Options(layers) with { Side = Side.A, Progress = new DirectProgress(reports.Add, all: true) };
            Trainers.GentleClipFineTuning(initial, options).Fit(_cases.View).Dispose();
            var measured = reports.LastOrDefault(report => report.Phase == TrainingPhase.MeasuringStatistics);
            Assert.AreEqual(expected, measured is not null, $"{name}, layers {layers}");
            if (measured is not null)
                Assert.AreEqual((long)EncoderCases.Rows, measured.Done);
        }
    }

    /// <summary>
    /// What comes from a transformer learns at the head's rate, but for networks whose weights are published as a rule; a saved file does not change that.
    /// </summary>
    [TestMethod]
    [DynamicData(nameof(Encoders))]
    public void TheRateOfAnEncoderFollowsItsKind(string name)
    {
        var (modality, inputDimension) = _cases.Modalities[name];
        var isCareful = name is "BERT" or "ESM-2" or "ResNet" or "ViT" or "custom";
        _cases.Context.ComponentCatalog.RegisterAssembly(typeof(GatedOptions).Assembly);
        using var initial = OnnxModels.Create(modality, inputDimension);
        _cases.Context.Model.Save(initial, null, _folder.File("initial.zip"));
        using var loaded = (GentleClipTransformer)_cases.Context.Model.Load(_folder.File("initial.zip"), out _);
        var options = EncoderCases.Options(null, steps: 1) with { EncoderLearningRate = null, Side = Side.A };
        Learns(isCareful ? "0.0001" : "0.001", options, initial);
        Learns(isCareful ? "0.0001" : "0.001", options, loaded);
        Learns("2e-05", options with { EncoderLearningRate = 2e-5 }, initial);
        Learns("0.001", options with { Side = null, Modalities = [modality] }, null);

        void Learns(string rate, FineTuningOptions options, GentleClipTransformer? start)
        {
            var log = new ContextLog(_cases.Context);
            var estimator = start is null ? Trainers.GentleClipFineTuning(options) : Trainers.GentleClipFineTuning(start, options);
            estimator.Fit(_cases.View).Dispose();
            Assert.AreEqual($"Learning rate 0.001 for the head, {rate} for the encoder of column '{modality.InputColumnName}'.",
                log.Texts(ChannelMessageKind.Info).Find(text => text.StartsWith("Learning rate", StringComparison.Ordinal)));
        }
    }

    [TestMethod]
    [DynamicData(nameof(Encoders))]
    public void SavedLoadedAndExportedTheScoresAreTheSame(string name)
    {
        var (modality, inputDimension) = _cases.Modalities[name];
        using var initial = OnnxModels.Create(modality, inputDimension);
        _cases.Context.ComponentCatalog.RegisterAssembly(typeof(GatedOptions).Assembly);
        using var model = Trainers.GentleClipFineTuning(initial, EncoderCases.Options(null, steps: 10) with { Side = Side.A }).Fit(_cases.View);
        var scored = model.Transform(_cases.View);
        var expected = Embeddings.Column(scored, "Score");
        Assert.IsGreaterThan(EncoderCases.Rows / 2, expected.Select(row => row[0]).Distinct().Count(), "scores are all alike");

        _cases.Context.Model.Save(model, _cases.View.Schema, _folder.File("model.zip"));
        using var loaded = (FineTunedTransformer)_cases.Context.Model.Load(_folder.File("model.zip"), out _);
        Embeddings.AssertEqualBits(Embeddings.Bits(scored, "Score"), Embeddings.Bits(loaded.Transform(_cases.View), "Score"));

        var file = _folder.File("model.onnx");
        if (name == "custom")
        {
            Assert.Contains("tests.gated",
                Assert.ThrowsExactly<NotSupportedException>(() => _cases.Context.Model.ConvertGentleClipFineTuningToOnnx(loaded, file)).Message);
            return;
        }
        _cases.Context.Model.ConvertGentleClipFineTuningToOnnx(loaded, file);
        using var session = new InferenceSession(file);
        var metadata = session.ModelMetadata.CustomMetadataMap;
        Assert.AreEqual("[\"oak\",\"ash\",\"yew\"]", metadata["gentleclip.labels"]);
        Assert.ThrowsExactly<FormatException>(() => OnnxPreprocessor.FromMetadata(metadata));
        Assert.ThrowsExactly<FormatException>(() => OnnxPreprocessor.FromMetadata(metadata, Side.B));
        var inputs = OnnxPreprocessor.FromMetadata(metadata, Side.A);
        using var results = session.Run([.. _cases.Inputs(name, inputs).Select(Value)]);
        var scores = results.Single(result => result.Name == "score").AsEnumerable<float>().Chunk(3).ToArray();
        var largest = expected.Zip(scores).Max(row => row.First.Zip(row.Second).Max(pair => Math.Abs(pair.First - pair.Second)));
        TestContext.WriteLine($"{name}: largest difference {largest:g2}");
        Assert.IsLessThanOrEqualTo(Tolerance, largest);
        CollectionAssert.AreEqual(scored.GetColumn<uint>("PredictedLabel").Select(key => (long)key).ToArray(),
            results.Single(result => result.Name == "predicted_label").AsEnumerable<long>().ToArray());
    }

    [TestMethod]
    public void BothSidesInOneGraph()
    {
        var rows = LabelledViews.Rows(60);
        var data = LabelledViews.View(Pipelines.Context, rows);
        var test = LabelledViews.View(Pipelines.Context, LabelledViews.Rows(30, seed: 8));
        foreach (var (task, label) in new[]
        {
            (FineTuningTask.Multiclass, "Label"), (FineTuningTask.Binary, "IsFirst"), (FineTuningTask.Regression, "Target"),
            (FineTuningTask.MultiLabel, "Flags"),
        })
        {
            var options = LabelledViews.Options(10, label) with { Modalities = LabelledViews.Modalities };
            var estimator = task switch
            {
                FineTuningTask.Binary => Pipelines.Context.BinaryClassification.Trainers.GentleClipFineTuning(options),
                FineTuningTask.Regression => Pipelines.Context.Regression.Trainers.GentleClipFineTuning(options),
                FineTuningTask.MultiLabel => Pipelines.Context.BinaryClassification.Trainers.GentleClipMultiLabelFineTuning(options),
                _ => Pipelines.Context.MulticlassClassification.Trainers.GentleClipFineTuning(options),
            };
            using var model = estimator.Fit(data);
            var file = _folder.File($"{task}.onnx");
            Pipelines.Context.Model.ConvertGentleClipFineTuningToOnnx(model, file);
            using var session = new InferenceSession(file);
            var metadata = session.ModelMetadata.CustomMetadataMap;
            var wanted = LabelledViews.Rows(30, seed: 8);
            var arrays = OnnxPreprocessor.FromMetadata(metadata, Side.A).Create(wanted.Select(row => row.A))
                .Concat(OnnxPreprocessor.FromMetadata(metadata, Side.B).Create(wanted.Select(row => row.B)));
            using var results = session.Run([.. arrays.Select(Value)]);
            var scores = results.Single(result => result.Name == "score").AsEnumerable<float>().ToArray();
            float[] expected = task is FineTuningTask.Multiclass or FineTuningTask.MultiLabel
                ? [.. Embeddings.Column(model.Transform(test), "Score").SelectMany(row => row)] : [.. model.Transform(test).GetColumn<float>("Score")];
            Assert.HasCount(expected.Length, scores);
            for (var i = 0; i < scores.Length; i++)
                Assert.AreEqual(expected[i], scores[i], 1e-5f * Math.Max(1, Math.Abs(expected[i])), $"{task}, {i}");

            // In ML.NET's own export the columns are those of the pipeline, also where rows lack a side.
            var gaps = LabelledViews.Rows(20, seed: 7);
            gaps[3].A = [.. Enumerable.Repeat(float.NaN, TwoViews.DimensionA)];
            gaps[5].B[2] = float.PositiveInfinity;
            string[] outputs = task switch
            {
                FineTuningTask.Multiclass => ["PredictedLabel", "Score"],
                FineTuningTask.Binary => ["PredictedLabel", "Score", "Probability"],
                FineTuningTask.MultiLabel => ["Score", "Probability"],
                _ => ["Score"],
            };
            foreach (var some in new[] { wanted, gaps })
            {
                var own = Pipelines.Context.Data.LoadFromEnumerable(some.Select(row => new BothSides { A = row.A, B = row.B }));
                Pipelines.Compare(TestContext, Pipelines.Convert(model, own, outputs), own, model.Transform(own), outputs);
            }
        }
    }

    [TestMethod]
    public void APipelineThatPreparesOutsideOfOnnxIsRefusedWithWhatToDo()
    {
        var (modality, _) = _cases.Modalities["n-grams"];
        using var model = Trainers.GentleClipFineTuning(EncoderCases.Options(0, steps: 2) with { Modalities = [modality] }).Fit(_cases.View);
        var error = Assert.ThrowsExactly<NotSupportedException>(() => Pipelines.Convert(model, _cases.View, "Score"));
        foreach (var part in new[] { "'Score'", "n-grams", "'Text'", "ConvertGentleClipFineTuningToOnnx" })
            Assert.Contains(part, error.Message);
    }

    [TestMethod]
    public void FreshEncodersLearnFromWhatTheirOptionsName()
    {
        // Words say the class: an encoder of n-grams with random vectors learns it, frozen or not.
        var (modality, _) = _cases.Modalities["n-grams"];
        foreach (var layers in new int?[] { null, 0, 2 })
        {
            var options = EncoderCases.Options(layers, steps: 150) with { Modalities = [modality], Optimizer = new() { LearningRate = 1e-2 } };
            using var model = Trainers.GentleClipFineTuning(options).Fit(_cases.View);
            Assert.IsGreaterThan(0.95, _cases.Context.MulticlassClassification.Evaluate(model.Transform(_cases.View)).MicroAccuracy, $"{layers}");
        }
    }

    [TestMethod]
    public void PublishedWeightsAreLoadedAsByAnyTraining()
    {
        using var initial = OnnxModels.Create(_cases.Modalities["ESM-2"].Modality);
        var file = _folder.File("tower.safetensors");
        initial.SaveTowerWeights(file, "Embedding");
        var modality = Modality.ProteinSequence("Unused", "Sequence", Proteins.SmallSequence with { WeightsFile = file });
        using var model = Trainers.GentleClipFineTuning(EncoderCases.Options(0) with { Modalities = [modality] }).Fit(_cases.View);
        Dictionary<string, byte[]> found = [];
        model.Use(tuned => found = State(tuned.TowerOf(Side.A)!.state_dict(), "encoder."));
        Assert.IsEmpty(Differences(State(initial.Use(model => model.TowerA.state_dict()), "encoder."), found));
        var missing = EncoderCases.Options(0) with
        {
            Modalities = [Modality.ProteinSequence("Unused", "Sequence", Proteins.SmallSequence with { WeightsFile = file + ".gone" })],
        };
        Assert.ThrowsExactly<FileNotFoundException>(() => Trainers.GentleClipFineTuning(missing).Fit(_cases.View));
    }

    private sealed class BothSides
    {
        [VectorType(TwoViews.DimensionA)]
        public float[] A { get; set; } = [];

        [VectorType(TwoViews.DimensionB)]
        public float[] B { get; set; } = [];
    }

    private MulticlassClassificationCatalog.MulticlassClassificationTrainers Trainers => _cases.Context.MulticlassClassification.Trainers;

    private List<string> Changed(Dictionary<string, byte[]> before, string name, GentleClipTransformer initial, int? layers)
    {
        using var model = Trainers.GentleClipFineTuning(initial, EncoderCases.Options(layers) with { Side = Side.A }).Fit(_cases.View);
        Dictionary<string, byte[]> after = [];
        model.Use(tuned => after = State(tuned.TowerOf(Side.A)!.state_dict(), "encoder."));
        CollectionAssert.AreEquivalent(before.Keys, after.Keys, name);
        return Differences(before, after);
    }

    private static List<string> Differences(Dictionary<string, byte[]> one, Dictionary<string, byte[]> other) =>
        [.. one.Keys.Where(key => !one[key].AsSpan().SequenceEqual(other[key])).Order()];

    private static Dictionary<string, byte[]> State(Dictionary<string, Tensor> weights, string prefix)
    {
        using var scope = NewDisposeScope();
        return weights.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(entry => entry.Key[prefix.Length..], entry => entry.Value.detach().cpu().contiguous().bytes.ToArray());
    }

    private static NamedOnnxValue Value(OnnxInput input) => input.Values is float[] numbers
        ? NamedOnnxValue.CreateFromTensor(
            input.Name, new Microsoft.ML.OnnxRuntime.Tensors.DenseTensor<float>(numbers, [.. input.Shape.Select(size => (int)size)]))
        : NamedOnnxValue.CreateFromTensor(
            input.Name, new Microsoft.ML.OnnxRuntime.Tensors.DenseTensor<long>((long[])input.Values, [.. input.Shape.Select(size => (int)size)]));
}
