using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Custom;

/// <summary>Networks of a user's own train, repeat, go on and clean up like the library's.</summary>
[TestClass]
public sealed class CustomEncoderTests
{
    [TestMethod]
    public void APipelineWithOwnEncodersLearns()
    {
        var mlContext = new MLContext(seed: 1);
        using var model = mlContext.Transforms.GentleClip(CustomTraining.Options(150)).Fit(CustomTraining.Rows);
        var test = mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(60, seed: 77));
        var metrics = Operations.Catalog.EvaluateRetrieval(model.Transform(test), "EmbeddingA", "EmbeddingB");
        Assert.IsGreaterThan(0.6, metrics.AToB.RecallAt(5), metrics.ToString());
        Assert.AreEqual("GatedOptions", model.ModalityA is VectorModality vector ? vector.Encoder.GetType().Name : null);
    }

    [TestMethod]
    public void EqualSeedsGiveEqualBytesWhateverTheGlobalGenerator()
    {
        var first = CustomTraining.Content(CustomTraining.Fit(CustomTraining.Options()));
        random.manual_seed(99);
        using var before = random.get_rng_state();
        var second = CustomTraining.Content(CustomTraining.Fit(CustomTraining.Options()));
        using var after = random.get_rng_state();
        CollectionAssert.AreEqual(first, second);
        CollectionAssert.AreEqual(before.data<byte>().ToArray(), after.data<byte>().ToArray(), "the process's generator was left in another state");

        var other = CustomTraining.Options();
        other.Seed = 4;
        CollectionAssert.AreNotEqual(first, CustomTraining.Content(CustomTraining.Fit(other)));
        var withoutDropout = CustomTraining.Options(a: new GatedOptions { Dropout = 0 });
        CollectionAssert.AreNotEqual(first, CustomTraining.Content(CustomTraining.Fit(withoutDropout)),
            "dropout made no difference: the network never ran in training mode");
    }

    [TestMethod]
    public void ScoringIsInEvaluationModeAndABatchIsItsRows()
    {
        using var model = new MLContext(1).Transforms.GentleClip(CustomTraining.Options(10)).Fit(CustomTraining.Rows);
        var rows = TwoViews.Pairs(9, seed: 5);
        var all = Embeddings.Column(model.Transform(Load(rows)), "EmbeddingA");
        for (var i = 0; i < rows.Count; i++)
        {
            var one = Embeddings.Column(model.Transform(Load([rows[i]])), "EmbeddingA").Single();
            for (var slot = 0; slot < one.Length; slot++)
                Assert.AreEqual(all[i][slot], one[slot], 1e-5f, $"row {i}");
        }
    }

    [TestMethod]
    public void TheTwoViewsDiffer()
    {
        double apart = 0;
        var options = CustomTraining.Options(3);
        options.Objectives = options.Objectives.Without<SelfSupervisedObjective>().With(new Given("views", batch =>
        {
            apart = (batch.EmbeddingsA - batch.SecondViewsA).abs().sum().item<float>();
            return batch.EmbeddingsA.sum();
        }, views: true));
        CustomTraining.Fit(options);
        Assert.IsGreaterThan(0.1, apart);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(13)]
    public void AnInterruptedTrainingGivesTheBytesOfAnUndisturbedOne(int stopAt)
    {
        using var folder = new Runtime.TemporaryFolder();
        var options = CustomTraining.Options();
        options.Validation.Fraction = 0.2;
        options.Objectives = [.. options.Objectives, new TransportPairObjective(), new PairDistance { Weight = 0.2 }];
        var undisturbed = CustomTraining.Content(CustomTraining.Fit(options));
        options.Checkpoints.Directory = folder.File("checkpoints");
        options.Checkpoints.Steps = stopAt;
        using var cancellation = new CancellationTokenSource();
        var interrupted = options with
        {
            CancellationToken = cancellation.Token,
            CheckpointStream = stream =>
            {
                cancellation.Cancel();
                return stream;
            },
        };
        Assert.Throws<OperationCanceledException>(() => CustomTraining.Fit(interrupted));
        random.manual_seed(5);
        CollectionAssert.AreEqual(undisturbed, CustomTraining.Content(CustomTraining.Fit(options)));
    }

    [TestMethod]
    public void AnotherObjectiveOrSettingIsNamedByTheCheckpoint()
    {
        using var folder = new Runtime.TemporaryFolder();
        var options = CustomTraining.Options(6);
        options.Checkpoints.Directory = folder.File("checkpoints");
        var usual = options.Objectives;
        options.Objectives = [.. usual, new PairDistance { Weight = 0.2 }, new Given("margin", batch => batch.EmbeddingsA.sum()) { Margin = 2 }];
        CustomTraining.Fit(options);
        options.Objectives = [.. usual, new PairDistance { Weight = 0.3 }, new Given("margin", batch => batch.EmbeddingsA.sum()) { Margin = 3 }];
        options.ModalityA = Modality.Vector("EmbeddingA", "A", new GatedOptions { Dropout = 0.5 });
        var message = Assert.ThrowsExactly<InvalidOperationException>(() => CustomTraining.Fit(options)).Message;
        Assert.Contains("Objectives.pair-distance.Weight is 0.3, was 0.2", message);
        Assert.Contains("Objectives.margin.Margin is 3, was 2", message);
        Assert.Contains("ModalityA.Encoder.dropout is 0.5, was 0.1", message);
        options.Objectives = usual;
        Assert.Contains("Objectives.margin is not set, was Given", Assert.ThrowsExactly<InvalidOperationException>(() => CustomTraining.Fit(options)).Message);
    }

    [TestMethod]
    public void SettingsCountWhateverTheyAreCalledAndWhereverTheyLead()
    {
        using var folder = new Runtime.TemporaryFolder();
        var options = CustomTraining.Options(3, a: new WanderingOptions { Seed = 1 });
        options.Checkpoints.Directory = folder.File("checkpoints");
        var first = CustomTraining.Content(CustomTraining.Fit(options));
        CollectionAssert.AreEqual(first, CustomTraining.Content(CustomTraining.Fit(options)));
        options.ModalityA = Modality.Vector("EmbeddingA", "A", new WanderingOptions { Seed = 2 });
        Assert.Contains("ModalityA.Encoder.seed is 2, was 1", Assert.ThrowsExactly<InvalidOperationException>(() => CustomTraining.Fit(options)).Message);
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void OtherPretrainedWeightsAreNamedByTheCheckpoint(bool frozen)
    {
        using var folder = new Runtime.TemporaryFolder();
        var options = CustomTraining.Options(3, a: new GatedOptions { IsFrozen = frozen, WeightsFile = Weights(1) });
        options.Checkpoints.Directory = folder.File("checkpoints");
        var first = CustomTraining.Content(CustomTraining.Fit(options));
        options.ModalityA = Modality.Vector("EmbeddingA", "A", new GatedOptions { IsFrozen = frozen, WeightsFile = Weights(2) });
        Assert.Contains("pretrained weights of A is content ", Assert.ThrowsExactly<InvalidOperationException>(() => CustomTraining.Fit(options)).Message);
        File.Move(Weights(1), folder.File("moved.safetensors"));
        options.ModalityA = Modality.Vector("EmbeddingA", "A", new GatedOptions { IsFrozen = frozen, WeightsFile = folder.File("moved.safetensors") });
        CollectionAssert.AreEqual(first, CustomTraining.Content(CustomTraining.Fit(options)));

        string Weights(int bias)
        {
            var path = folder.File($"{bias}.safetensors");
            using var scope = NewDisposeScope();
            random.manual_seed(1);
            using var network = new GatedNetwork(TwoViews.DimensionA, 32, 0.1);
            nn.init.constant_(network.get_parameter("gate.bias")!, bias);
            GentleClip.Runtime.AtomicFile.Write(path, stream => GentleClip.Weights.SafetensorsWriter.Write(stream, network.state_dict()));
            return path;
        }
    }

    [TestMethod]
    public void AnotherVocabularyIsNamedByTheCheckpoint()
    {
        using var folder = new Runtime.TemporaryFolder();
        var rows = new MLContext(1).Data.LoadFromEnumerable(Captions.Mixed(20, 10, 10));
        var vocabulary = folder.File("vocab.txt");
        var words = Captions.Colours.Concat(Captions.Things);
        File.WriteAllLines(vocabulary, new[] { "[PAD]", "[UNK]", "[CLS]", "[SEP]" }.Concat(words));
        var options = Captions.Options(new TokenMeanOptions { VocabularyFile = vocabulary }, steps: 3);
        options.Checkpoints.Directory = folder.File("checkpoints");
        using (new MLContext(3).Transforms.GentleClip(options).Fit(rows))
            File.WriteAllLines(vocabulary, new[] { "[PAD]", "[UNK]", "[CLS]", "[SEP]" }.Concat(words.Reverse()));
        Assert.Contains("vocabulary of A is content ",
            Assert.ThrowsExactly<InvalidOperationException>(() => new MLContext(3).Transforms.GentleClip(options).Fit(rows)).Message);
    }

    [TestMethod]
    public void ATrainingGoesOnFromAFittedModel()
    {
        var mlContext = new MLContext(3);
        using var first = mlContext.Transforms.GentleClip(CustomTraining.Options(10)).Fit(CustomTraining.Rows);
        using var second = mlContext.Transforms.GentleClip(CustomTraining.Options(1)).Fit(CustomTraining.Rows, validation: null, initial: first);
        var rows = Load(TwoViews.Pairs(20, seed: 5));
        // One warm-up step changes little; fresh weights would change everything.
        var similar = Embeddings.Column(first.Transform(rows), "EmbeddingA")
            .Zip(Embeddings.Column(second.Transform(rows), "EmbeddingA"), (x, y) => x.Zip(y, (p, q) => p * q).Sum()).Average();
        Assert.IsGreaterThan(0.9, similar);
        var wider = CustomTraining.Options(1, a: new GatedOptions { Width = 40 });
        Assert.Contains("tower_a.encoder.network.gate.weight: expected [40, 12], found [32, 12]",
            Assert.ThrowsExactly<ArgumentException>(() => mlContext.Transforms.GentleClip(wider).Fit(CustomTraining.Rows, null, first)).Message);
    }

    [TestMethod]
    public void AFrozenNetworkKeepsItsWeights()
    {
        using var model = new MLContext(3).Transforms.GentleClip(CustomTraining.Options(20, a: new GatedOptions { IsFrozen = true })).Fit(CustomTraining.Rows);
        using var untrained = new MLContext(3).Transforms.GentleClip(CustomTraining.Options(1, a: new GatedOptions { IsFrozen = true }))
            .Fit(CustomTraining.Rows);
        var (trained, fresh) = (model.Model.state_dict(), untrained.Model.state_dict());
        foreach (var name in trained.Keys.Where(name => name.StartsWith("tower_a.encoder.", StringComparison.Ordinal)))
            CollectionAssert.AreEqual(fresh[name].bytes.ToArray(), trained[name].bytes.ToArray(), name);
        CollectionAssert.AreNotEqual(fresh["tower_a.head.fc.weight"].bytes.ToArray(), trained["tower_a.head.fc.weight"].bytes.ToArray());
    }

    [TestMethod]
    public void PretrainedWeightsAreReadStrictlyAndNotNamedInTheModel()
    {
        using var folder = new Runtime.TemporaryFolder();
        var path = folder.File("gated.safetensors");
        using (var scope = NewDisposeScope())
        {
            using var network = new GatedNetwork(TwoViews.DimensionA, 32, 0.1);
            nn.init.constant_(network.get_parameter("gate.bias")!, 7);
            GentleClip.Runtime.AtomicFile.Write(path, stream => GentleClip.Weights.SafetensorsWriter.Write(stream, network.state_dict()));
        }
        using var model = new MLContext(3).Transforms.GentleClip(CustomTraining.Options(1, a: new GatedOptions { IsFrozen = true, WeightsFile = path }))
            .Fit(CustomTraining.Rows);
        Assert.IsTrue(model.Model.state_dict()["tower_a.encoder.network.gate.bias"].data<float>().All(value => value == 7));
        Assert.DoesNotContain("gated.safetensors", System.Text.Encoding.UTF8.GetString(CustomTraining.Content(CustomTraining.Save(model))));

        var wider = CustomTraining.Options(1, a: new GatedOptions { Width = 40, WeightsFile = path });
        Assert.Contains("'gate.weight' (shape [40, 12] expected, found [32, 12])",
            Assert.ThrowsExactly<InvalidDataException>(() => CustomTraining.Fit(wider)).Message);
        var missing = CustomTraining.Options(1, a: new GatedOptions { WeightsFile = folder.File("none.pt") });
        Assert.Contains("The weights file of column 'A' does not exist",
            Assert.ThrowsExactly<FileNotFoundException>(() => CustomTraining.Fit(missing)).Message);
    }

    [TestMethod]
    public void TrainingAndScoringLeaveNoTensors()
    {
        var options = CustomTraining.Options(200);
        options.Objectives = options.Objectives.With(new PairDistance());
        LiveTensors.AssertFlat(options, CustomTraining.Rows);
        var before = LiveTensors.Settled();
        int parameters;
        using (var model = new MLContext(1).Transforms.GentleClip(CustomTraining.Options(5)).Fit(CustomTraining.Rows))
        {
            Embeddings.Column(model.Transform(CustomTraining.Rows), "EmbeddingA");
            parameters = model.Model.parameters().Count();
        }
        // One for each parameter is never taken back by TorchSharp's counter.
        LiveTensors.AssertAtMost(before + parameters, "after dispose");
    }

    [TestMethod]
    public void TextArrivesAsTokensAndPaddingChangesNothing()
    {
        var mlContext = new MLContext(3);
        var rows = mlContext.Data.LoadFromEnumerable(Captions.Mixed(40, 30, 20));
        var options = Captions.Options(new TokenMeanOptions { MaximumLength = 24, MaximumVocabularySize = 200 }, steps: 60);
        (options.PairedColumnName, options.Optimizer.LearningRate) = ("IsPaired", 5e-3);
        using var model = mlContext.Transforms.GentleClip(options).Fit(rows);
        var texts = ((TextModality)model.ModalityA).Encoder as TokenMeanOptions;
        Assert.IsGreaterThan(50, texts!.Vocabulary!.Count);
        var (shortText, longText) = (Row("red car"), Row("a red car near a lake in the forest under the bridge at night"));
        var together = Embeddings.Column(model.Transform(mlContext.Data.LoadFromEnumerable([shortText, longText])), "TextEmbedding");
        var alone = Embeddings.Column(model.Transform(mlContext.Data.LoadFromEnumerable([shortText])), "TextEmbedding").Single();
        for (var slot = 0; slot < alone.Length; slot++)
            Assert.AreEqual(alone[slot], together[0][slot], 1e-5f);
        var metrics = Operations.Catalog.EvaluateRetrieval(model.Transform(mlContext.Data.LoadFromEnumerable(Captions.Pairs(40, seed: 8))),
            "TextEmbedding", "FeatureEmbedding");
        Assert.IsGreaterThan(0.2, metrics.AToB.RecallAt(5), metrics.ToString()); // 0.125 by guessing
        SameAfterReload(model, mlContext.Data.LoadFromEnumerable([shortText, longText]), "TextEmbedding");

        static Captions.Row Row(string text) => new() { Text = text, Features = new float[Captions.Dimension] };
    }

    [TestMethod]
    public void PicturesArriveNormalised()
    {
        using var folder = new Runtime.TemporaryFolder();
        var mlContext = new MLContext(3);
        var data = mlContext.Transforms.LoadImages("Image", folder.FullName, "Path").Fit(mlContext.Data.LoadFromEnumerable(new List<Pictures.Row>()))
            .Transform(mlContext.Data.LoadFromEnumerable(Pictures.Mixed(folder, 12, 6, 6)));
        using var model = mlContext.Transforms.GentleClip(Pictures.Options(new StackOptions(), steps: 10)).Fit(data);
        var embeddings = Embeddings.Column(model.Transform(data), "ImageEmbedding");
        Assert.IsTrue(embeddings.Take(18).All(row => Math.Abs(row.Sum(x => x * x) - 1) < 1e-4) && embeddings.Skip(18).All(row => row.All(float.IsNaN)));
        Assert.Contains("tower_a.encoder.network.conv.weight", model.Model.state_dict().Keys);
        SameAfterReload(model, data, "ImageEmbedding");
    }

    [TestMethod]
    public void ItSaysThatItCannotBeExported()
    {
        using var model = new MLContext(1).Transforms.GentleClip(CustomTraining.Options(1)).Fit(CustomTraining.Rows);
        Assert.Contains("'tests.gated' of column 'A'", model.Model.TowerA.OnnxObstacle!);
        using var own = new MLContext(1).Transforms.GentleClip(TwoViews.Options(1)).Fit(CustomTraining.Rows);
        Assert.IsNull(own.Model.TowerA.OnnxObstacle);
    }

    private static void SameAfterReload(GentleClipTransformer model, IDataView rows, string column)
    {
        var again = CustomTraining.Registered().Model.Load(new MemoryStream(CustomTraining.Save(model)), out _);
        Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(rows), column), Embeddings.Bits(again.Transform(rows), column));
        (again as IDisposable)?.Dispose();
    }

    private static IDataView Load(List<TwoViews.Row> rows) => new MLContext(1).Data.LoadFromEnumerable(rows);
}
