using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Tests.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Trainers;

/// <summary>The statistics of batch normalisations when <c>Fit</c> ends: those of whole samples under the last weights.</summary>
[TestClass]
public sealed class RunningStatisticsTests : IDisposable
{
    private static readonly MLContext Context = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// A chain's embedding in training, normalised by the batch it is in, against the one that scoring gives. Where the batch holds the chains that the
    /// statistics are of, only the noise of training is between them. In small batches their own composition is, which no statistics can foresee.
    /// </summary>
    [TestMethod]
    [DataRow(0.0)]
    [DataRow(0.2)]
    public void ATrainedModelEmbedsInTrainingAndScoringAlike(double validationFraction)
    {
        var rows = Proteins.Chains(200).Where(row => row.Sequence!.Length >= 48).Take(80).Select(row => new Proteins.Row
        {
            Sequence = row.Sequence![..48],
            AlphaCarbons = row.AlphaCarbons![..144],
        }).ToList();
        Assert.HasCount(80, rows);
        var options = GentleClipOptions.FromPreset(GentleClipPreset.Clip);
        options.ModalityA = Modality.ProteinSequence("SequenceEmbedding", "Sequence", new ProteinWindowOptions { HiddenDimensions = [32] });
        options.ModalityB = Modality.ProteinStructure("StructureEmbedding", "AlphaCarbons", encoder: new CdConvOptions { Channels = [16, 32, 64] });
        (options.EmbeddingDimension, options.MaximumNumberOfSteps, options.NumberOfThreads, options.Seed) = (16, 30, 1, 5);
        (options.Batches.Size, options.Validation.Fraction) = (32, validationFraction);
        using var model = Context.Transforms.GentleClip(options).Fit(Context.Data.LoadFromEnumerable(rows));
        var tower = model.Model.TowerB;
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var scored = tower.Embed(Batch(0, rows.Count), noise: null);
        var (clean, noisy, small) = (Cosines(rows.Count, isNoisy: false), Cosines(rows.Count, isNoisy: true), Cosines(20, isNoisy: false));
        TestContext.WriteLine($"lowest cosine: all chains {Lowest(clean):F4}, with noise {Lowest(noisy):F4}, in batches of 20 {Lowest(small):F4}");
        Assert.IsGreaterThan(0.995f, Lowest(clean));
        Assert.IsGreaterThan(0.98f, Lowest(noisy));
        Assert.IsGreaterThan(0.98f, small.mean().item<float>());
        Assert.IsLessThan(Lowest(clean), Lowest(small));
        Assert.IsLessThan(0.9f, Lowest((scored[0] * scored[1..]).sum(1)), "chains are all alike: the comparison would pass on anything");

        // The check is of the statistics: with those of a fresh network it fails.
        foreach (var layer in tower.modules().OfType<BatchNormalization>())
            layer.state_dict()["running_var"].fill_(1);
        scored = tower.Embed(Batch(0, rows.Count), noise: null);
        Assert.IsLessThan(0.9f, Cosines(rows.Count, isNoisy: false).mean().item<float>(), "the test cannot tell statistics apart");

        StructureBatch Batch(int start, int count) => new([.. rows.Skip(start).Take(count).Select(row => new Chain(row.AlphaCarbons!))]);

        // The head's own dropout is not the encoder's: without it only normalisation and noise differ.
        Tensor Cosines(int size, bool isNoisy)
        {
            using var generator = new Generator(2);
            List<Tensor> embeddings = [];
            for (var start = 0; start < rows.Count; start += size)
            {
                var batch = Batch(start, size);
                embeddings.Add(tower.Project(isNoisy ? tower.Run(batch, new NoiseSource(generator)).Features : Quiet(batch), noise: null));
            }
            return (scored * cat(embeddings, 0)).sum(1);
        }

        // Normalised by the batch without the noise of training, as when statistics are measured.
        Tensor Quiet(StructureBatch batch)
        {
            List<BatchNormalization> layers = [.. tower.modules().OfType<BatchNormalization>()];
            layers.ForEach(layer => layer.BeginMeasuring());
            var features = tower.Features(batch);
            layers.ForEach(layer => layer.EndMeasuring(keep: false));
            return features;
        }

        static float Lowest(Tensor cosines) => cosines.min().item<float>();
    }

    [TestMethod]
    public void TheyAreThoseOfTheWholeTrainingRowsUnderTheLastWeights()
    {
        var rows = Proteins.Mixed(20, 4, 6, length: 30);
        var options = Proteins.Options(steps: 3);
        using var model = Context.Transforms.GentleClip(options).Fit(Context.Data.LoadFromEnumerable(rows));
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        // The first normalisation sees the input alone, so that its statistics can be computed beside it.
        var weights = model.Model.state_dict();
        var input = "tower_b.encoder.network.";
        var chains = rows.Where(row => row.AlphaCarbons is not null).Select(row => new Chain(row.AlphaCarbons!)).ToList();
        var numbers = LocalGeometry.Of(CdConvNodes.Of(chains));
        var geometry = tensor(numbers, [numbers.Length / LocalGeometry.Count, LocalGeometry.Count]).to(ScalarType.Float32);
        var x = geometry.matmul(weights[input + "geometry.weight"].t()) + weights[input + "geometry.bias"];
        var first = input + "layers.0.input.module.0.";
        AssertClose(x.mean([0]), weights[first + "running_mean"]);
        AssertClose(x.var([0], unbiased: true), weights[first + "running_var"]);
        AssertClose(weights[input + "layers.0.identity.module.0.running_var"], weights[first + "running_var"]);

        static void AssertClose(Tensor expected, Tensor found) =>
            Assert.IsLessThan(1e-4f, ((expected - found) / (expected.abs() + 1e-3)).abs().max().item<float>());
    }

    /// <summary>Batches of any sizes count as one.</summary>
    [TestMethod]
    public void MomentsOfPartsAreThoseOfTheWhole()
    {
        var random = new Random(3);
        double[][] rows = [.. Enumerable.Range(0, 50).Select(_ => new[] { random.NextDouble() * 3 + 100, random.NextDouble() - 5 })];
        var moments = new BatchMoments();
        foreach (var part in new[] { rows[..1], rows[1..30], rows[30..] })
            moments.Add(part.Length, [.. Columns(part).Select(column => column.Average())], [.. Columns(part).Select(column => Squares(column) / part.Length)]);
        var whole = Columns(rows).ToArray();
        for (var i = 0; i < 2; i++)
        {
            Assert.AreEqual(whole[i].Average(), moments.Mean[i], 1e-12);
            Assert.AreEqual(Squares(whole[i]) / 49, moments.Variance[i], 1e-12);
        }

        static IEnumerable<double[]> Columns(double[][] rows) => Enumerable.Range(0, 2).Select(i => Array.ConvertAll(rows, row => row[i]));

        static double Squares(double[] values) => values.Sum(value => Math.Pow(value - values.Average(), 2));
    }

    [TestMethod]
    public void EqualTrainingsGiveEqualBytesAndLeaveNoTensors()
    {
        var view = Context.Data.LoadFromEnumerable(Proteins.Mixed(12, 4, 4));
        var options = Proteins.Options();
        options.Validation.Fraction = 0.3;
        var contents = new List<byte[]>();
        for (var i = 0; i < 2; i++)
            using (var model = Context.Transforms.GentleClip(options).Fit(view))
                contents.Add(SavedModel.Content(model));
        CollectionAssert.AreEqual(contents[0], contents[1]);
        options.MaximumNumberOfSteps = 60;
        var (counts, last) = LiveTensors.AtEpochs(options, view);
        last.Dispose();
        // Three lines of the log an epoch; after the first epoch the best weights are kept beside the model's.
        Assert.IsGreaterThan(6, counts.Count, "lines");
        LiveTensors.AssertNeverMore(counts[3..]);
    }

    /// <summary>A training that is cancelled while it measures goes on there, and gives the bytes of one that was not.</summary>
    [TestMethod]
    public void CancellingInThePhaseLosesNothing()
    {
        var view = Context.Data.LoadFromEnumerable(Proteins.Mixed(12, 4, 4));
        var options = Proteins.Options();
        var phases = new List<TrainingProgress>();
        options.Progress = new Immediate(phases.Add);
        byte[] undisturbed;
        using (var model = Context.Transforms.GentleClip(options).Fit(view))
            undisturbed = SavedModel.Content(model);
        var measuring = phases.Where(report => report.Phase == TrainingPhase.MeasuringStatistics).ToList();
        Assert.AreEqual((16L, (long?)16), (measuring[^1].Done, measuring[^1].Total), "12 pairs' and 4 unpaired structures");

        using var cancel = new CancellationTokenSource();
        options.CancellationToken = cancel.Token;
        options.Checkpoints.Directory = _folder.File("checkpoints");
        options.Progress = new Immediate(report =>
        {
            if (report.Phase == TrainingPhase.MeasuringStatistics)
                cancel.Cancel();
        });
        Assert.ThrowsExactly<OperationCanceledException>(() => Context.Transforms.GentleClip(options).Fit(view));
        (options.CancellationToken, options.Progress) = (default, null);
        using var resumed = Context.Transforms.GentleClip(options).Fit(view);
        CollectionAssert.AreEqual(undisturbed, SavedModel.Content(resumed));
    }

    /// <summary>Pretrained statistics of layers that are not trained stay those of the pretraining.</summary>
    [TestMethod]
    public void LayersThatAreNotTrainedKeepTheirs()
    {
        set_num_threads(1);
        foreach (var (options, moves) in new (ResNetOptions, bool)[]
        {
            (Pictures.ResNet, true), (Pictures.ResNet with { FreezeBatchNormalization = true }, false), (Pictures.ResNet with { TrainableStages = 1 }, true),
        })
        {
            using var generator = new Generator(4);
            using var tower = new Tower(new TowerSpec(Modality.Image("E", "I", Pictures.Images, options), 0), 8, generator);
            Assert.AreEqual(moves, tower.HasMovingStatistics);
            var layers = tower.modules().OfType<BatchNormalization>().ToList();
            Assert.AreEqual(options.TrainableStages == 1, layers.Exists(layer => layer.IsTrained) && layers.Exists(layer => !layer.IsTrained));
        }
    }

    private sealed class Immediate(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
