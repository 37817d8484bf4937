using Microsoft.Extensions.AI;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Tests.Models;
using Microsoft.ML.GentleClip.Tests.Onnx;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Microsoft.ML.OnnxRuntime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

/// <summary>Columns of features that the user names: the same numbers from views, engines, generators, graphs and loaded models, encoded once.</summary>
[TestClass]
public sealed class NamedFeatureColumnTests
{
    private static readonly MLContext Context = new(seed: 1);

    public TestContext TestContext { get; set; } = null!;

    /// <summary>A kind of model: its modalities, with and without features, and what its features must be as wide as.</summary>
    public static IEnumerable<object[]> Names => [["towers"], ["closed form"], ["closed form beside towers"], ["frozen encoder"], ["proteins"], ["windows"]];

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void FeaturesAreThoseOfTheEncoderAndChangeNothingElse(string kind)
    {
        var (options, rows, width) = Recipe(kind);
        using var model = Fit(options, rows);
        using var plain = Fit(Without(options), rows);
        var view = model.Transform(View(rows));
        CollectionAssert.AreEqual(new[] { "EmbeddingA", "EmbeddingB", "FeaturesA" }, Appended(view));
        CollectionAssert.AreEqual(new[] { "EmbeddingA", "EmbeddingB" }, Appended(plain.Transform(View(rows))));
        Assert.AreEqual(new VectorDataViewType(NumberDataViewType.Single, width), view.Schema["FeaturesA"].Type);
        Assert.IsTrue(view.Schema["FeaturesA"].HasSlotNames());

        var (embeddings, features) = (Embeddings.Column(view, "EmbeddingA"), Embeddings.Column(view, "FeaturesA"));
        var alone = Embeddings.Column(plain.Transform(View(rows)), "EmbeddingA");
        for (var i = 0; i < rows.Count; i++)
        {
            CollectionAssert.AreEqual(alone[i], embeddings[i], $"row {i}: the column of features changed the embedding");
            Assert.AreEqual(embeddings[i].All(float.IsNaN), features[i].All(float.IsNaN), $"row {i}: absent in one column, present in the other");
            Assert.AreEqual(!HasA(rows[i]), features[i].Any(float.IsNaN), $"row {i}");
        }
        Assert.IsTrue(rows.Exists(row => !HasA(row)), "no row lacks the side");
        if (kind == "closed form")
            for (var i = 0; i < rows.Count; i++)
                Scoring.AssertClose(rows[i].A ?? [.. Enumerable.Repeat(float.NaN, width)], features[i], $"row {i}: the vectors that the closed form reads");
        else
            Assert.IsTrue(features.Where((_, i) => HasA(rows[i])).Any(row => Math.Abs(row.Sum(slot => slot * slot) - 1) > 1e-3), "not the features");
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public async Task LoadedModelsEnginesGeneratorsAndGraphsGiveTheSame(string kind)
    {
        var (options, rows, width) = Recipe(kind);
        using var model = Fit(options, rows);
        using var folder = new TemporaryFolder();
        var view = model.Transform(View(rows));
        var features = Embeddings.Column(view, "FeaturesA");

        Context.Model.Save(model, View(rows).Schema, folder.File("model.zip"));
        using var loaded = (GentleClipTransformer)Context.Model.Load(folder.File("model.zip"), out _);
        Assert.AreEqual(("FeaturesA", null), (loaded.ModalityA.FeatureColumnName, loaded.ModalityB.FeatureColumnName));
        var again = Embeddings.Column(loaded.Transform(View(rows)), "FeaturesA");
        for (var i = 0; i < rows.Count; i++)
            CollectionAssert.AreEqual(features[i], again[i], $"row {i} of the loaded model");

        var graph = folder.File("tower.onnx");
        Context.Model.ConvertGentleClipToOnnx(loaded, graph, "FeaturesA");
        using var session = new OnnxSession(graph);
        CollectionAssert.AreEqual(new[] { "embedding", "encoder_features" }, session.Session.OutputNames.ToArray());
        int[] present = [.. Enumerable.Range(0, rows.Count).Where(i => HasA(rows[i]))];
        if (kind is "proteins" or "frozen encoder" or "windows")
            await Compare([.. present.Select(i => rows[i].Sequence!)]);
        else
            await Compare([.. present.Select(i => rows[i].A!)]);

        async Task Compare<TInput>(List<TInput> inputs)
        {
            using var generator = loaded.CreateEmbeddingGenerator<TInput>(outputColumnName: "FeaturesA");
            Assert.AreEqual(width, generator.GetRequiredService<EmbeddingGeneratorMetadata>().DefaultModelDimensions);
            var generated = await generator.GenerateAsync(inputs, cancellationToken: TestContext.CancellationToken);
            var computed = Output(session, inputs, "encoder_features");
            for (var i = 0; i < inputs.Count; i++)
            {
                OnnxModels.Difference(features[present[i]], generated[i].Vector.ToArray(), $"input {i} of the generator");
                OnnxModels.Difference(features[present[i]], computed[i], $"input {i} of the graph");
            }
        }
    }

    [TestMethod]
    public void BothColumnsOfASideTakeOnePass()
    {
        using var model = Fit(Recipe("towers").Options, Recipe("towers").Rows);
        var view = model.Transform(Scoring.Load(TwoViews.Pairs(200, 4)));
        Scoring.ReadAll(view, "EmbeddingA", "FeaturesA");
        Assert.AreEqual((1L, 0L), Scoring.Passes(model), "200 rows of one window are one pass");
        Scoring.ReadAll(view, "FeaturesA");
        Assert.AreEqual((2L, 0L), Scoring.Passes(model));
        using var engine = Context.Model.CreatePredictionEngine<TwoViews.Row, Predicted>(model);
        var predicted = engine.Predict(TwoViews.Pairs(1, 4)[0]);
        Assert.AreEqual((3L, 1L), Scoring.Passes(model), "embedding and features of a single row are one pass");
        Assert.HasCount(32, predicted.FeaturesA);
    }

    [TestMethod]
    [DataRow(TrainingRows.WithA)]
    [DataRow(TrainingRows.WithBoth)]
    public void ATrainerOfThePipelineLearnsFromTheFeatures(TrainingRows trainingRows)
    {
        var options = Recipe("towers").Options;
        options.TrainingRows = trainingRows;
        var view = Scoring.Load(TwoViews.Mixed(16, 12, 12));
        // The schema that the estimators promise has the column, else the trainer would refuse it; rows without the side would stop it.
        var chain = Context.Transforms.GentleClip(options)
            .Append(Context.Transforms.Conversion.MapValueToKey("Label", nameof(TwoViews.Row.Cluster)))
            .Append(Context.MulticlassClassification.Trainers.SdcaMaximumEntropy("Label", "FeaturesA", maximumNumberOfIterations: 3)).Fit(view);
        using var model = (GentleClipTransformer)chain.First();
        VBuffer<float>[] weights = [];
        chain.LastTransformer.Model.GetWeights(ref weights, out var classes);
        Assert.IsTrue(classes > 1 && weights.All(weight => weight.Length == 32), "a weight for each feature");
    }

    [TestMethod]
    public void TheExportOfAWholePipelineHasBothColumns()
    {
        var (options, rows, _) = Recipe("closed form beside towers");
        options.ModalityB = options.ModalityB!.WithFeatures("FeaturesB");
        using var model = Fit(options, rows);
        var data = Pipelines.View(Pipelines.Gaps(30));
        var file = Pipelines.Convert(model, data, "EmbeddingA", "FeaturesA", "FeaturesB");
        Pipelines.Compare(TestContext, file, data, model.Transform(data), "EmbeddingA", "FeaturesA", "FeaturesB");
    }

    [TestMethod]
    public void NamesThatClashAreRefused()
    {
        var a = Modality.Vector("EmbeddingA", "A");
        var b = Modality.Vector("EmbeddingB", "B");
        foreach (var (wrongA, wrongB, expected) in new[]
        {
            (a.WithFeatures("EmbeddingA"), b, "A modality writes both its embedding and its features to column 'EmbeddingA'"),
            (a.WithFeatures("EmbeddingB"), b, "Both modalities write column 'EmbeddingB'"),
            (a.WithFeatures("Features"), b.WithFeatures("Features"), "Both modalities write column 'Features'"),
        })
        {
            var error = Assert.ThrowsExactly<ArgumentException>(
                () => Context.Transforms.GentleClip(new GentleClipOptions { ModalityA = wrongA, ModalityB = wrongB }));
            StringAssert.Contains(error.Message, expected);
        }
        Assert.Throws<ArgumentException>(() => a.WithFeatures(" "));
        Assert.IsNull(a.FeatureColumnName, "a copy was asked for");
        Assert.AreEqual("F2", a.WithFeatures("F").WithFeatures("F2").FeatureColumnName);
    }

    [TestMethod]
    public void AnOutputThatIsUnknownIsNamed()
    {
        var (options, rows, _) = Recipe("towers");
        using var model = Fit(options, rows);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => model.CreateEmbeddingGenerator<float[]>(outputColumnName: "Nope")).Message,
            "'EmbeddingA' and 'EmbeddingB' and 'FeaturesA'");
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => model.CreateEmbeddingGenerator<float[]>("B", outputColumnName: "FeaturesA")).Message,
            "Behind column 'FeaturesA' there is no input column 'B'");
        using var file = new MemoryStream();
        Context.Model.Save(model, View(rows).Schema, file);
        using var changed = SavedModel.WithDescription(file.ToArray(), "\"features\": \"FeaturesA\"", "\"contacts\": \"FeaturesA\"");
        var error = Assert.Throws<Exception>(() => Context.Model.Load(changed, out _));
        var messages = "";
        for (var e = error; e is not null; e = e.InnerException!)
            messages += e.Message + "\n";
        StringAssert.Contains(messages, "column 'FeaturesA' holds 'contacts'; expected 'features'");
    }

    // Rows have columns of the embeddings' names, which these hide.
    private static string[] Appended(IDataView view) => [.. view.Schema.Skip(View([]).Schema.Count).Select(column => column.Name)];

    private static bool HasA(FrozenModels.Row row) => row.A is not null || row.Sequence is not null;

    private static float[][] Output<TInput>(OnnxSession session, List<TInput> inputs, string name)
    {
        var arrays = session.Inputs.Create(inputs);
        var values = arrays.Select(array => array.Values is float[] numbers
            ? OrtValue.CreateTensorValueFromMemory(numbers, [.. array.Shape])
            : OrtValue.CreateTensorValueFromMemory((long[])array.Values, [.. array.Shape])).ToList();
        using var run = new RunOptions();
        using var outputs = session.Session.Run(run, [.. arrays.Select(array => array.Name)], values, [name]);
        values.ForEach(value => value.Dispose());
        var width = (int)outputs[0].GetTensorTypeAndShape().Shape[1];
        return [.. outputs[0].GetTensorDataAsSpan<float>().ToArray().Chunk(width)];
    }

    private static GentleClipOptions Without(GentleClipOptions options) => options with { ModalityA = Plain(options.ModalityA!) };

    private static Modality Plain(Modality modality) => modality switch
    {
        VectorModality vectors => Modality.Vector(vectors.OutputColumnName, vectors.InputColumnName, vectors.Encoder),
        ProteinSequenceModality sequences => Modality.ProteinSequence(sequences.OutputColumnName, sequences.InputColumnName, sequences.Encoder),
        _ => throw new NotSupportedException(),
    };

    private static GentleClipTransformer Fit(GentleClipOptions options, List<FrozenModels.Row> rows) => Context.Transforms.GentleClip(options).Fit(View(rows));

    private static IDataView View(List<FrozenModels.Row> rows) => Context.Data.LoadFromEnumerable(rows);

    private static (GentleClipOptions Options, List<FrozenModels.Row> Rows, int Width) Recipe(string kind)
    {
        set_num_threads(1);
        var isProtein = kind is "proteins" or "frozen encoder" or "windows";
        List<FrozenModels.Row> rows = isProtein
            ? Proteins.Mixed(10, 4, 4).ConvertAll(row => new FrozenModels.Row { Sequence = row.Sequence, AlphaCarbons = row.AlphaCarbons })
            : TwoViews.Mixed(16, 12, 12).ConvertAll(row => new FrozenModels.Row { A = row.A, B = row.B });
        if (kind == "frozen encoder")
            rows = [.. rows.Zip(TwoViews.Mixed(10, 4, 4), (row, other) =>
                new FrozenModels.Row { Sequence = row.Sequence, B = other.B })];
        var esm = new Esm2Options { Size = new Esm2Size(2, 16, 2), TrainableLayers = kind == "frozen encoder" ? 0 : null };
        Modality a = kind == "windows" ? Modality.ProteinSequence("EmbeddingA", "Sequence", new ProteinWindowOptions { HiddenDimensions = [16] })
            : isProtein ? Modality.ProteinSequence("EmbeddingA", "Sequence", esm)
            : Modality.Vector("EmbeddingA", "A", new VectorEncoderOptions { HiddenDimensions = [32] });
        Modality b = kind is "proteins" or "windows" ? Modality.ProteinStructure("EmbeddingB", "AlphaCarbons", encoder: new CdConvOptions
        {
            Channels = [12, 24],
            Radii = [8, 12],
            SequentialKernelSize = 5,
            KernelChannels = [4],
            BaseWidth = 16,
        }) : Modality.Vector("EmbeddingB", "B", new VectorEncoderOptions { HiddenDimensions = [16] });
        var options = new GentleClipOptions
        {
            ModalityA = a.WithFeatures("FeaturesA"),
            ModalityB = b,
            EmbeddingDimension = 8,
            Batches = new() { Size = 12 },
            MaximumNumberOfSteps = 4,
            NumberOfThreads = 1,
            Seed = 3,
            ClosedForm = kind switch
            {
                "closed form" or "frozen encoder" => new() { Role = ClosedFormRole.Alone, Method = ClosedFormMethod.Blend },
                "closed form beside towers" => new() { Role = ClosedFormRole.BesideTowers, Dimension = 4 },
                _ => null,
            },
        };
        return (options, rows, kind == "windows" ? 16 + ProteinProfile.Count : isProtein ? 16 : kind == "closed form" ? TwoViews.DimensionA : 32);
    }

    private sealed class Predicted
    {
        public float[] EmbeddingA { get; set; } = [];

        public float[] EmbeddingB { get; set; } = [];

        public float[] FeaturesA { get; set; } = [];
    }
}
