using System.Globalization;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Tests.Custom;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Microsoft.ML.GentleClip.Trainers;
using Microsoft.ML.GentleClip.Trainers.Sharding;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Trainers;

/// <summary>Batches that are cut into shards, by one process or by several.</summary>
[TestClass]
public sealed class ShardedTrainingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow(GentleClipPreset.Clip)]
    [DataRow(GentleClipPreset.Recommended)]
    [DataRow(GentleClipPreset.GentleSClip)]
    [DataRow(GentleClipPreset.SotAlign)]
    public void OneTwoAndFourProcessesGiveTheSameBytes(GentleClipPreset preset)
    {
        var options = Options(preset, steps: 6);
        byte[] one = Fit(options);
        foreach (int size in new[] { 2, 4 })
            foreach (byte[] model in Fit(options, size))
                CollectionAssert.AreEqual(one, model, $"{size} processes");
        if (preset == GentleClipPreset.Clip)
            CollectionAssert.AreNotEqual(one, Fit(Cut(options, 2)), "another cut is another training");
    }

    [TestMethod]
    public void ShardsNeedNotBeAPowerOfTwo()
    {
        var options = Cut(Options(GentleClipPreset.Recommended, steps: 3), 6);
        byte[] one = Fit(options);
        foreach (int size in new[] { 3, 6 })
            CollectionAssert.AreEqual(one, Fit(options, size)[0], $"{size} processes");
        string message = Assert.ThrowsExactly<ArgumentException>(() => ThreadGroup.Run(2, group => group).Results[0] is { } pair
            ? new MLContext().Transforms.GentleClip(options with { ProcessGroup = pair }) : null).Message;
        Assert.Contains("Batches.Shards is 6 for 2 processes; expected 2 times a power of two", message);
    }

    [TestMethod]
    public void OneShardIsTheTrainingThatThereWasBefore()
    {
        var options = Cut(Options(GentleClipPreset.Recommended), null);
        byte[] usual = Fit(options);
        CollectionAssert.AreEqual(usual, Fit(Cut(options, 1) with { ProcessGroup = new SingleProcess() }));
        CollectionAssert.AreNotEqual(usual, Fit(Cut(options, 2)));
    }

    [TestMethod]
    public void EverythingThatIsDecidedIsDecidedTogether()
    {
        var options = Options(GentleClipPreset.Recommended, steps: 100);
        options.Validation.Fraction = 0.25;
        options.Validation.EarlyStoppingPatience = 1;
        options.Validation.GuardUnpairedObjectives = true;
        (options.Optimizer.LearningRate, options.Seed) = (0.3, 4);
        options.Objectives = options.Objectives.With(new PairDistance()).With(new TransportPairObjective())
            .With<SelfSupervisedObjective>(own => own with { Share = 1 }) // with fewer rows this seed trains on
            .With(new MmdObjective { KernelWeights = MmdKernelWeights.Learnable });
        byte[] one = Fit(options);
        var models = ThreadGroup.Succeed(2, group => Train(options with { ProcessGroup = group, Seed = group.Rank == 0 ? options.Seed : null }));
        foreach (var model in models)
        {
            Assert.AreEqual(options.Seed, model.Seed);
            Assert.IsLessThan(100, model.History[^1].Step, "the test needs a training that stops early");
            CollectionAssert.AreEqual(one, SavedModel.Content(model));
            model.Dispose();
        }
    }

    [TestMethod]
    [DataRow(0.25)]
    [DataRow(0.0)] // the statistics are measured at the end
    public void FrozenEncodersAndBatchNormalisationAreShared(double validationFraction)
    {
        var options = Proteins.Options(steps: 3, sequence: Proteins.SmallSequence with { TrainableLayers = 0 });
        (options.Batches.Shards, options.Validation.Fraction, options.ClosedForm) = (4, validationFraction, null);
        var rows = Load(Proteins.Mixed(16, 8, 8));
        byte[] one = Fit(options, rows);
        CollectionAssert.AreEqual(one, Fit(options, 2, rows)[1]);
        CollectionAssert.AreEqual(one, Fit(options, 4, rows)[3]);
    }

    [TestMethod]
    [DataRow(1.0)]
    [DataRow(0.3)]
    public void GradientsAreThoseOfOneGraph(double share)
    {
        using var scope = NewDisposeScope();
        var options = Options(GentleClipPreset.Recommended);
        options.Objectives = options.Objectives.With(new PairDistance()).With<SelfSupervisedObjective>(own => own with { Share = share });
        using var data = TrainingData.Read(Load(TwoViews.Mixed(40, 60, 50)), options, () => { });
        var batches = BatchPlan.Create(options, 40, 60, 50);
        using var random = new RandomSource(5);
        using var model = new TwoTowerModel(new TwoTowerSpec(
            new TowerSpec(options.ModalityA!, TwoViews.DimensionA), new TowerSpec(options.ModalityB!, TwoViews.DimensionB), 16, 0.07, null),
            random.Torch("weights", CPU));
        using var loss = new TotalLoss(options.Objectives);
        var sharding = new BatchSharding(4, new SingleProcess());
        var sampler = new MixedBatchSampler(data, batches, random, sharding.Shards);
        sampler.Next();
        var rows = new StepBatch(Sides<int[]>.Of(side => sampler.Positions(side).ToArray()), sampler.Pairs.ToArray());
        using var viewedTwice = new ViewedTwice(sampler, options.Objectives.Needs, CPU);
        using (var step = new ShardedStep(model, data, sampler, options.Objectives.Needs, viewedTwice, null, null, null, sharding, random, CPU))
        using (var begun = rows with { FirstShard = step.OpenFirst(7, rows.Positions) })
            step.Run(7, begun, Descend);
        var sharded = Gradients();

        // The same noise, but all in one graph.
        int width = 64;
        Tensor Whole(Side side, int view)
        {
            var some = view == 0 ? null : viewedTwice.Some(side, sampler.Positions(side).ToArray());
            Assert.AreEqual(share < 1 && view == 1, some is not null);
            using var layout = some is null
                ? new ShardLayout(sampler.PairsOfShards, sampler.UnpairedOfShards[side], width, CPU)
                : new ShardLayout(viewedTwice.PairsOfShards, viewedTwice.UnpairedOfShards[side], width, CPU);
            var (tower, store) = side == Side.A ? (model.TowerA, data.A.Store) : (model.TowerB, data.B.Store);
            var parts = Enumerable.Range(0, 4).Select(shard =>
            {
                var embeddings = tower.Embed(store.Gather(layout.Of(some ?? sampler.Positions(side), shard)),
                    new NoiseSource(random.TorchAt("noise", [7, shard, side == Side.A ? 0 : 1, view])));
                return cat([embeddings, zeros(width - embeddings.size(0), 16)], 0);
            });
            return layout.Batch(stack(parts.ToArray(), 0));
        }
        Descend(new ObjectiveInput
        {
            EmbeddingsA = Whole(Side.A, 0),
            EmbeddingsB = Whole(Side.B, 0),
            SecondViewsA = Whole(Side.A, 1),
            SecondViewsB = Whole(Side.B, 1),
            ViewedTwice = viewedTwice.Rows,
            NumberOfPairs = batches.Pairs,
            LogScale = model.LogitScale,
        });
        var whole = Gradients();
        Assert.IsGreaterThan(10, whole.Count);
        foreach (var (name, gradient) in whole)
        {
            double largest = gradient.abs().max().item<float>();
            Assert.IsGreaterThan(0, largest, name);
            Assert.IsLessThan(2e-5 * Math.Max(largest, 0.01), (gradient - sharded[name]).abs().max().item<float>(), name);
        }

        void Descend(ObjectiveInput input)
        {
            using var losses = loss.Compute(input with { Step = 7, NumberOfSteps = 40 });
            losses.Total.backward();
        }

        Dictionary<string, Tensor> Gradients()
        {
            var gradients = model.named_parameters().ToDictionary(entry => entry.name, entry => entry.parameter.grad!.clone());
            foreach (var (_, parameter) in model.named_parameters())
                parameter.grad!.zero_();
            return gradients;
        }
    }

    [TestMethod]
    [DataRow(4, 2)]
    [DataRow(2, 1)]
    [DataRow(1, 4)]
    public void AnInterruptedTrainingGoesOnWithAnotherNumberOfProcesses(int before, int after)
    {
        var options = Options(GentleClipPreset.SClip);
        options.Validation.Fraction = 0.2;
        byte[] undisturbed = Fit(options);
        options.Checkpoints.Directory = _folder.File("checkpoints");
        using var cancellation = new CancellationTokenSource();
        // Whichever process is cancelled, all stop.
        var (_, exceptions, reason) = ThreadGroup.Run(before, group => Train(options with
        {
            ProcessGroup = group,
            CancellationToken = group.Rank == before - 1 ? cancellation.Token : default,
            Checkpoints = options.Checkpoints with { Steps = 13 },
            CheckpointStream = stream =>
            {
                cancellation.Cancel();
                return stream;
            },
        }));
        Assert.IsNull(reason);
        foreach (var exception in exceptions)
            Assert.IsInstanceOfType<OperationCanceledException>(exception);
        Assert.IsNotEmpty(Directory.GetFiles(options.Checkpoints.Directory, "*-run-*.safetensors"));
        foreach (byte[] model in Fit(options, after))
            CollectionAssert.AreEqual(undisturbed, model);
        // The finished training is there for any number of processes.
        CollectionAssert.AreEqual(undisturbed, Fit(options with { MaximumNumberOfSteps = 40 }, 4)[2]);
        string message = Assert.ThrowsExactly<InvalidOperationException>(() => Fit(Cut(options, 8))).Message;
        Assert.Contains("Batches.Shards is 8, was 4", message);
    }

    [TestMethod]
    public void AProcessThatThrowsEndsAll()
    {
        var options = Options(GentleClipPreset.Clip);
        var (_, exceptions, reason) = ThreadGroup.Run(2, group => Train(options with
        {
            ProcessGroup = group,
            Objectives = options.Objectives.With(new Given("given", batch => group.Rank == 1 && batch.Step == 5
                ? throw new InvalidDataException("row 17 is bad") : (batch.PairedA.sum() + batch.PairedB.sum()) * 0)),
        }));
        Assert.AreEqual("rank 1: InvalidOperationException: The objective 'given' failed at step 5: row 17 is bad", reason);
        Assert.IsInstanceOfType<InvalidOperationException>(exceptions[1]);
        Assert.IsInstanceOfType<IOException>(exceptions[0]);
    }

    [TestMethod]
    public void OtherRowsOrOptionsAreRefused()
    {
        var options = Options(GentleClipPreset.Clip);
        var (_, _, reason) = ThreadGroup.Run(2, group => Train(options with { ProcessGroup = group }, Load(TwoViews.Mixed(40, 60, 50, seed: 1 + group.Rank))));
        Assert.Contains("rank 1: InvalidOperationException: The processes do not train the same: rank 1 differs from rank 0 (training rows is ", reason!);
        (_, _, reason) = ThreadGroup.Run(2, group => Train(options with
        {
            ProcessGroup = group,
            Optimizer = options.Optimizer with { LearningRate = 0.001 * (1 + group.Rank) },
        }));
        Assert.Contains("LearningRate is 0.002, of rank 0 0.001", reason!);
    }

    [TestMethod]
    public void ShardsOfTooFewRowsAreRefused()
    {
        string message = Assert.ThrowsExactly<InvalidOperationException>(() => Fit(Cut(Options(GentleClipPreset.Clip), 32))).Message;
        Assert.Contains("Cut into 32 shards (Batches.Shards, or one a process), the smallest has 0 rows of A; expected 2 or more.", message);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new BatchOptions { Shards = 0 });
    }

    [TestMethod]
    public void ThePlanSaysHowBatchesAreCut()
    {
        var options = Options(GentleClipPreset.Recommended);
        var plan = new MLContext().Transforms.GentleClip(options).Plan(Load(TwoViews.Mixed(40, 60, 50)));
        Assert.Contains("  shards            4 a batch, 4 in each of 1 processes", plan.ToString());
    }

    [TestMethod]
    public void TwoFitsDoNotMeetInOneGroup()
    {
        var group = new SingleProcess();
        using var first = group.Use();
        var options = Options(GentleClipPreset.Clip) with { ProcessGroup = group };
        Assert.Contains("Another Fit", Assert.ThrowsExactly<InvalidOperationException>(() => Fit(options)).Message);
    }

    [TestMethod]
    public void ShardsLeaveNoTensorsBehind()
    {
        var options = Options(GentleClipPreset.Recommended, steps: 100);
        var (counts, model) = LiveTensors.AtEpochs(options, Load(TwoViews.Mixed(40, 60, 50)));
        model.Dispose();
        LiveTensors.AssertNeverMore(counts[1..]);
    }

    [TestMethod]
    public void SamplesOfAShardAreItsOwnAndEachIsDrawnBeforeAnyAgain()
    {
        var options = Options(GentleClipPreset.Recommended);
        using var data = TrainingData.Read(Load(TwoViews.Mixed(40, 60, 50)), options, () => { });
        var batches = new BatchPlan(10, 22, 22, 20);
        using var random = new RandomSource(5);
        var sampler = new MixedBatchSampler(data, batches, random, shards: 4);
        var seen = new List<int>();
        var shardOf = ((ShardedStore)data.A.Store).Shards;
        int[] held = [.. Enumerable.Range(0, 4).Select(shard => data.A.Pairs.Count(position => shardOf.ShardOf(position) == shard))];
        Assert.IsGreaterThan(5, held.Min());
        for (int i = 0; i < 2; i++)
        {
            sampler.Next();
            seen.AddRange(sampler.Pairs);
            int[] shards = [.. sampler.Pairs.ToArray().Select(pair => shardOf.ShardOf(data.A.Pairs[pair]))];
            CollectionAssert.AreEqual(shards.Order().ToArray(), shards);
            CollectionAssert.AreEqual(sampler.PairsOfShards, Enumerable.Range(0, 4).Select(shard => shards.Count(own => own == shard)).ToArray());
        }
        CollectionAssert.AllItemsAreUnique(seen);
    }

    [TestMethod]
    public void SumsDependOnTheNumberOfTermsAlone()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        foreach (int size in new[] { 1, 2, 3, 4, 5, 8 })
            foreach (int each in new[] { 1, 2, 4 })
            {
                // 7 numbers do not divide evenly: the sum is of a multiple of the processes' number.
                var terms = Enumerable.Range(0, size * each).Select(_ => randn([7L * size], generator: generator) * 1000).ToArray();
                var all = new OrderedSum();
                foreach (var term in terms)
                    all.Add(term.clone());
                byte[] expected = all.Take().bytes.ToArray();
                var sums = ThreadGroup.Succeed(size, group =>
                {
                    using var own = NewDisposeScope();
                    var sum = new OrderedSum();
                    for (int i = 0; i < each; i++)
                        sum.Add(terms[group.Rank * each + i].clone());
                    var total = sum.Take();
                    group.SumInOrder(total, "a sum");
                    return total.bytes.ToArray();
                });
                foreach (byte[] sum in sums)
                    CollectionAssert.AreEqual(expected, sum, $"{size} processes with {each} terms");
            }
    }

    [TestMethod]
    public void WhatIsLargeIsSentInParts()
    {
        var sums = ThreadGroup.Succeed(2, group =>
        {
            using var scope = NewDisposeScope();
            const long count = 5_000_002;
            var own = arange(count, dtype: ScalarType.Float32).mul_(group.Rank + 1);
            var all = group.Gather(own.view(2, -1), "gathering");
            Assert.IsTrue(all[0].reshape(-1).mul(2).equal(all[1].reshape(-1)).all().item<bool>());
            group.SumInOrder(own, "a sum");
            Assert.IsTrue(own.equal(arange(count, dtype: ScalarType.Float32).mul_(3)).all().item<bool>());
            var weights = new Dictionary<string, Tensor> { ["w"] = full([count], (float)group.Rank), ["n"] = tensor(7L) };
            Assert.IsTrue(group.Synchronize(weights, "weights"));
            Assert.IsFalse(group.Synchronize(weights, "weights"));
            return weights["w"].sum().item<float>() + group.OfFirst(group.Rank + 5L, "a number");
        });
        CollectionAssert.AreEqual(new[] { 5f, 5f }, sums);
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)] // elsewhere the peak is that of the whole process
    public void ManyShardsTakeLittleMemory()
    {
        var (whole, cut) = (Peak(1), Peak(16));
        Assert.IsLessThan(0.5 * whole, cut, $"megabytes of a batch of 2,048 in 16 shards, and in one: {whole}");

        static double Peak(int shards)
        {
            var result = ChildProcess.Run(AppContext.BaseDirectory, ["batch-memory", "2048", shards.ToString(CultureInfo.InvariantCulture)]);
            Assert.AreEqual(0, result.ExitCode, result.ToString());
            return double.Parse(result.Lines.Single(line => line.StartsWith("peak of the fit MB", StringComparison.Ordinal)).Split(": ")[1],
                CultureInfo.InvariantCulture);
        }
    }

    private static GentleClipOptions Options(GentleClipPreset preset, int steps = 40)
    {
        var options = GentleClipOptions.FromPreset(preset);
        var small = TwoViews.Options(steps);
        (options.ModalityA, options.ModalityB) = (small.ModalityA, small.ModalityB);
        (options.EmbeddingDimension, options.Batches.Size, options.MaximumNumberOfSteps, options.NumberOfThreads) = (16, 32, steps, 1);
        options.Optimizer.LearningRate = 5e-3;
        (options.PairedColumnName, options.Seed, options.Batches.Shards) = ("IsPaired", 3, 4);
        return options;
    }

    private static GentleClipOptions Cut(GentleClipOptions options, int? shards) => options with { Batches = options.Batches with { Shards = shards } };

    private static IDataView Load<T>(List<T> rows) where T : class => new MLContext(1).Data.LoadFromEnumerable(rows);

    private static GentleClipTransformer Train(GentleClipOptions options, IDataView? rows = null) =>
        new MLContext().Transforms.GentleClip(options).Fit(rows ?? Load(TwoViews.Mixed(40, 60, 50)));

    private static byte[] Fit(GentleClipOptions options, IDataView? rows = null)
    {
        using var model = Train(options, rows);
        return SavedModel.Content(model);
    }

    private static byte[][] Fit(GentleClipOptions options, int processes, IDataView? rows = null) =>
        ThreadGroup.Succeed(processes, group => Fit(options with { ProcessGroup = group }, rows));
}
