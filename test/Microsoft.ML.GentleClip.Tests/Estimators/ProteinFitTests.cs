using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Tests.Encoders;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Microsoft.ML.GentleClip.Trainers;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>Pretrained and frozen encoders, continued trainings, repeatability, memory, cancellation.</summary>
[TestClass]
public sealed class ProteinFitTests
{
    private static readonly string Golden = Path.Combine(AppContext.BaseDirectory, "data", "golden", "encoders", "esm2");

    private readonly MLContext _mlContext = new(seed: 1);

    public ProteinFitTests() => set_num_threads(1);

    [TestMethod]
    [DataRow("esm2_tiny.fairesm.pt")]
    [DataRow("esm2_tiny.fairesm_raw.pt")]
    [DataRow("esm2_tiny.hf.safetensors")]
    [DataRow("esm2_tiny.hf.pt")]
    public void AFrozenEncoderHasTheFilesWeightsBeforeAndAfter(string file)
    {
        using var scope = NewDisposeScope();
        using var model = Fit(Proteins.Options(steps: 3, Frozen(Path.Combine(Golden, file))));
        using var reference = Esm2Golden.Model(ScalarType.Float32, withHeads: false);
        var weights = model.Model.state_dict();
        foreach (var (name, expected) in reference.state_dict())
            Esm2Golden.AssertClose(expected, weights["tower_a.encoder.model." + name], 0, name);
    }

    [TestMethod]
    public void TheLastLayersOfAPretrainedEncoderTrainAndTheOthersStay()
    {
        using var scope = NewDisposeScope();
        using var model = Fit(Proteins.Options(steps: 3, Frozen(Path.Combine(Golden, "esm2_tiny.fairesm.pt")) with { TrainableLayers = 1 }));
        using var reference = Esm2Golden.Model(ScalarType.Float32, withHeads: false);
        var weights = model.Model.state_dict();
        Assert.AreEqual(0, Change("layers.1.fc1.weight"));
        Assert.AreEqual(0, Change("embed_tokens.weight"));
        Assert.IsGreaterThan(0, Change("layers.2.fc1.weight"));
        Assert.IsGreaterThan(0, Change("emb_layer_norm_after.weight"));

        float Change(string name) => (reference.state_dict()[name] - weights["tower_a.encoder.model." + name]).abs().max().item<float>();
    }

    [TestMethod]
    public void WeightsOutOfASavedModelAreReadAgain()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        using var first = Fit(Proteins.Options(steps: 3));
        var file = folder.File("weights.safetensors");
        using (var stream = File.Create(file))
            ModelSerializer.WriteWeights(first.Model, stream);
        using var second = Fit(Proteins.Options(steps: 1, Proteins.SmallSequence with { WeightsFile = file, TrainableLayers = 0 }));
        Esm2Golden.AssertClose(first.Model.state_dict()["tower_a.encoder.model.layers.1.fc2.weight"],
            second.Model.state_dict()["tower_a.encoder.model.layers.1.fc2.weight"], 0);

        using var both = new TwoTowerModel(new TwoTowerSpec(new(Proteins.Options().ModalityA!, 0),
            new(Modality.ProteinSequence("EB", "B", Proteins.SmallSequence), 0), 8, 0.07), new Generator(1));
        using (var stream = File.Create(file))
            ModelSerializer.WriteWeights(both, stream);
        Assert.Contains("both towers are an ESM-2", Assert.ThrowsExactly<InvalidDataException>(() => Esm2WeightNames.Read(file)).Message);
    }

    [TestMethod]
    public void AFileThatIsMissingOrOfAnotherSizeIsNamed()
    {
        Assert.AreEqual("The weights file of column 'Sequence' does not exist: nowhere/esm2.pt.",
            Assert.ThrowsExactly<FileNotFoundException>(() => Fit(Proteins.Options(steps: 1, new Esm2Options { WeightsFile = "nowhere/esm2.pt" }))).Message);
        var file = Path.Combine(Golden, "esm2_tiny.fairesm.pt");
        var message = Assert.ThrowsExactly<InvalidDataException>(() => Fit(Proteins.Options(steps: 1, new Esm2Options { WeightsFile = file }))).Message;
        Assert.AreEqual($"{file} holds an ESM-2 of 3 layers of 32; expected 6 layers of 320, as Esm2Options.Size says.", message);
        Assert.Contains("layers.0", Assert.ThrowsExactly<InvalidDataException>(() =>
            Fit(Proteins.Options(steps: 1, new Esm2Options { WeightsFile = file, Size = new Esm2Size(3, 32, 2) }))).Message,
                "other heads: the angles are not the same");
    }

    [TestMethod]
    public void FeaturesOfAFrozenEncoderAreComputedOnceARow()
    {
        using var scope = NewDisposeScope();
        var options = Proteins.Options(sequence: Proteins.SmallSequence with { TrainableLayers = 0 });
        var view = View(Proteins.Mixed(10, 6, 5));
        using var data = TrainingData.Read(view, options, () => { });
        using var generator = new Generator(5);
        using var model = new TwoTowerModel(new TwoTowerSpec(new(options.ModalityA!, 0), new(options.ModalityB!, 0), 16, 0.07), generator);
        int[] positions = [15, 3, 3, 0];
        var expected = model.TowerA.Embed(data.A.Store.Gather(positions), noise: null);
        using var reporter = new TrainingReporter((Microsoft.ML.Runtime.IHost)((Microsoft.ML.Runtime.IHostEnvironment)_mlContext).Register("test"), null);
        using var features = PrecomputedRows.Compute(model, data, validation: null, CPU, reporter, () => { });
        var encoded = features.Of(data);
        Assert.IsTrue(encoded.A.Store.HasFeatures);
        Assert.IsFalse(encoded.B.Store.HasFeatures, "the structure's encoder trains");
        Assert.IsFalse(data.A.Store.HasFeatures, "the rows stay as they are");
        var batch = encoded.A.Store.Gather(positions);
        CollectionAssert.AreEqual(new long[] { 4, 16 }, ((FeatureBatch)batch).Values.shape);
        Esm2Golden.AssertClose(expected, model.TowerA.Embed(batch, noise: null), 1e-5);

        // Nothing is encoded again: no weight is looked at.
        using (no_grad())
            foreach (var parameter in model.TowerA.parameters().Where(parameter => !parameter.requires_grad))
                parameter.zero_();
        Esm2Golden.AssertClose(expected, model.TowerA.Embed(encoded.A.Store.Gather(positions), noise: null), 1e-5);
    }

    [TestMethod]
    public void FrozenWeightsTakeNoMomentsAndNoGradients()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5);
        using var encoder = new Esm2Encoder(Proteins.SmallSequence with { TrainableLayers = 1 }, generator);
        var before = LiveTensors.Settled();
        using var optimizer = new AdamW(encoder.parameters().Cast<TorchSharp.Modules.Parameter>(), weightDecay: 0.1);
        LiveTensors.AssertAtMost(before + 2 * encoder.parameters().Count(parameter => parameter.requires_grad));
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow(0)]
    [DataRow(1)]
    public void TheSameSeedGivesTheSameBits(int? layers)
    {
        var rows = Proteins.Pieces(10, 40, first: 100);
        var options = Proteins.Options(sequence: Proteins.SmallSequence with { TrainableLayers = layers, MaximumLength = 10, SubsequenceCrop = 0.2 },
            structure: Proteins.SmallStructure with { MaximumLength = 10 });
        var (first, second) = (Bits(), Bits());
        Embeddings.AssertEqualBits(first.A, second.A);
        Embeddings.AssertEqualBits(first.B, second.B);

        (int[][] A, int[][] B) Bits()
        {
            using var model = Fit(options);
            var scored = model.Transform(View(rows));
            return (Embeddings.Bits(scored, "SequenceEmbedding"), Embeddings.Bits(scored, "StructureEmbedding"));
        }
    }

    [TestMethod]
    public void ATrainingContinuesFromAnother()
    {
        using var scope = NewDisposeScope();
        var options = Proteins.Options(steps: 6);
        using var first = Fit(options);
        options.Optimizer.LearningRate = 1e-9;
        using var second = _mlContext.Transforms.GentleClip(options).Fit(View(Proteins.Mixed(10, 6, 5)), initial: first);
        foreach (var name in new[] { "tower_a.encoder.model.layers.1.fc2.weight", "tower_b.encoder.network.layers.0.conv.W", "tower_b.head.fc.weight" })
            Esm2Golden.AssertClose(first.Model.state_dict()[name], second.Model.state_dict()[name], 1e-7, name);

        var wider = Proteins.Options(sequence: Proteins.SmallSequence with { Size = new Esm2Size(2, 32, 2) });
        Assert.Contains("tower_a.encoder.model.embed_tokens.weight: expected [33, 32], found [33, 16]", Assert.ThrowsExactly<ArgumentException>(() =>
            _mlContext.Transforms.GentleClip(wider).Fit(View(Proteins.Mixed(10, 6, 5)), initial: first)).Message);
    }

    [TestMethod]
    public void TheGuardsSecondTrainingSeesTheSameFrozenFeatures()
    {
        var frozen = Proteins.SmallSequence with { TrainableLayers = 0 };
        var (guarded, with) = (Options(true), Options(false));
        var without = Options(false);
        without.Objectives = [new ContrastiveObjective()];
        using var chosen = Fit(guarded);
        using var expected = Fit(chosen.UnpairedObjectives!.Kept ? with : without);
        Assert.AreNotEqual(chosen.UnpairedObjectives.With, chosen.UnpairedObjectives.Without, "the two trainings differ");
        foreach (var column in new[] { "SequenceEmbedding", "StructureEmbedding" })
            Embeddings.AssertEqualBits(Embeddings.Bits(expected.Transform(View(Proteins.Mixed(6, 0, 0))), column),
                Embeddings.Bits(chosen.Transform(View(Proteins.Mixed(6, 0, 0))), column));

        GentleClipOptions Options(bool guard)
        {
            var options = Proteins.Options(steps: 4, sequence: frozen);
            (options.Validation.GuardUnpairedObjectives, options.Validation.Fraction) = (guard, 0.4);
            return options;
        }
    }

    [TestMethod]
    public void AFrozenEncoderWithValidationAveragesAndKeepsTheBest()
    {
        var options = Proteins.Options(steps: 45, sequence: Proteins.SmallSequence with { TrainableLayers = 0 });
        options.Validation.Fraction = 0.3;
        options.Objectives = options.Objectives.With(new TransportPairObjective { Weight = 0.1, Ramp = null });
        using var model = Fit(options);
        Assert.IsTrue(model.History.All(epoch => epoch.Validation is not null && epoch.Losses["transportPairs"] > 0));
        using var separate = _mlContext.Transforms.GentleClip(Proteins.Options(sequence: Proteins.SmallSequence with { TrainableLayers = 0 }))
            .Fit(View(Proteins.Mixed(10, 6, 5)), View(Proteins.Pieces(6, 12, first: 60)));
        Assert.IsTrue(separate.History.All(epoch => epoch.Validation is not null));
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow(0)]
    [DataRow(1)]
    public void StepsAndFitsLeaveNoTensorsBehind(int? layers)
    {
        var options = Proteins.Options(steps: 100, sequence: Proteins.SmallSequence with { TrainableLayers = layers, SubsequenceCrop = 0.2 },
            sequenceColumn: "Sequence");
        Fit(Proteins.Options(steps: 1)).Dispose();
        var before = LiveTensors.Settled();
        var counts = new List<long>();
        var mlContext = new MLContext(seed: 1);
        mlContext.Log += (_, e) =>
        {
            if (e.Message.Contains("Epoch ", StringComparison.Ordinal))
                counts.Add(Tensor.TotalCount);
        };
        var model = mlContext.Transforms.GentleClip(options).Fit(View(Proteins.Mixed(10, 6, 5)));
        Assert.HasCount(5, counts);
        LiveTensors.AssertNeverMore(counts, "live tensors while training");
        var neverUncounted = model.Model.parameters().Count(); // TorchSharp's counter keeps one for each
        model.Dispose();
        LiveTensors.AssertAtMost(before + neverUncounted);
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(null)]
    public void CancellationStopsTheEncodingAndTheSteps(int? layers)
    {
        using var source = new CancellationTokenSource();
        var reports = new List<TrainingProgress>();
        var options = Proteins.Options(steps: 500, sequence: Proteins.SmallSequence with { TrainableLayers = layers });
        options.CancellationToken = source.Token;
        options.Progress = new DirectProgress(report =>
        {
            if (report.Done == 0 || report.Unit != (layers == 0 ? ProgressUnit.Rows : ProgressUnit.Steps) || report.Phase == TrainingPhase.ReadingRows)
                return;
            reports.Add(report);
            source.Cancel();
        }, all: true);
        Assert.ThrowsExactly<OperationCanceledException>(() => Fit(options));
        Assert.HasCount(1, reports);
        Assert.AreEqual(layers == 0 ? TrainingPhase.EncodingRows : TrainingPhase.Training, reports[0].Phase);
        Assert.AreEqual(layers == 0 ? 0 : 1, reports[0].Step, "the frozen encoder's rows come before the first step");
    }

    private static Esm2Options Frozen(string file) => new() { Size = Esm2Golden.Size, WeightsFile = file, TrainableLayers = 0 };

    private GentleClipTransformer Fit(GentleClipOptions options) => _mlContext.Transforms.GentleClip(options).Fit(View(Proteins.Mixed(10, 6, 5)));

    private IDataView View(List<Proteins.Row> rows) => _mlContext.Data.LoadFromEnumerable(rows);
}
