using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers;
using Microsoft.ML.GentleClip.Trainers.Sharding;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Trainers;

/// <summary>Each process reads and holds the rows of its shards, and all know together what has to be known of all rows.</summary>
[TestClass]
public sealed class RowsByProcessTests
{
    private const int Probes = 16; // rows at the beginning that every process looks at

    private sealed class Row
    {
        private readonly int[] _reads;
        private readonly TwoViews.Row _row;

        public Row(TwoViews.Row row, int[] reads) => (_row, _reads) = (row, reads);

        [VectorType(TwoViews.DimensionA)]
        public float[]? A
        {
            get
            {
                _reads[0]++;
                return _row.A;
            }
        }

        [VectorType(TwoViews.DimensionB)]
        public float[]? B => _row.B;

        public bool IsPaired => _row.IsPaired;
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(4)]
    public void EachReadsAndHoldsItsOwn(int size)
    {
        const int pairs = 400, a = 300, b = 320, rows = pairs + a + b;
        var options = Options(GentleClipPreset.Recommended);
        var found = ThreadGroup.Succeed(size, group =>
        {
            int[] reads = [0];
            var view = new MLContext(1).Data.LoadFromEnumerable(TwoViews.Mixed(pairs, a, b).Select(row => new Row(row, reads)).ToList());
            using var data = TrainingData.Read(view, options, () => { }, sharding: new BatchSharding(4, group));
            Assert.AreEqual(pairs, data.PairCount);
            Assert.AreEqual(pairs + a, data.A.Store.Count);
            Assert.HasCount(b, data.B.Unpaired);
            var (store, other) = ((ShardedStore)data.A.Store, (ShardedStore)data.B.Store);
            Assert.AreEqual(store.Shards.Here, store.Local.Count);
            return (Reads: reads[0], Held: store.Local.Count, HeldB: other.Local.Count);
        });
        Assert.AreEqual(pairs + a, found.Sum(own => own.Held), "each sample is in one process");
        Assert.AreEqual(pairs + b, found.Sum(own => own.HeldB));
        foreach (var own in found)
        {
            Assert.IsLessThanOrEqualTo(rows / size + (size == 1 ? 0 : Probes), own.Reads, "values that are another's are not fetched");
            Assert.IsGreaterThanOrEqualTo(rows / size, own.Reads);
            // Sorted rows are dealt out evenly but for the ends.
            Assert.IsLessThan(4, Math.Abs(own.Held - (pairs + a) / size));
        }
    }

    [TestMethod]
    public void AFileWithAPatternIsDealtOutEvenly()
    {
        var sharding = new BatchSharding(4, new SingleProcess());
        foreach (int period in new[] { 2, 3, 4, 5, 8 })
        {
            int[] counts = [.. Enumerable.Range(0, 2000).Select(i => sharding.ShardOf((long)i * period)).GroupBy(shard => shard).Select(part => part.Count())];
            Assert.HasCount(4, counts, $"each {period}th row is a pair");
            Assert.IsGreaterThan(400, counts.Min());
        }
    }

    [TestMethod]
    public void RowsOfABatchGoWithWhatTheShardsHave()
    {
        CollectionAssert.AreEqual(new[] { 3, 3, 2, 2 }, BatchSharding.Deal(10, [10, 10, 10, 10]));
        CollectionAssert.AreEqual(new[] { 7, 12, 0, 1 }, BatchSharding.Deal(20, [7, 12, 0, 1]));
        CollectionAssert.AreEqual(new[] { 0, 0 }, BatchSharding.Deal(0, [0, 0]));
        int[] held = [31, 17, 44, 8];
        for (int rows = 0; rows <= held.Sum(); rows++)
        {
            int[] dealt = BatchSharding.Deal(rows, held);
            Assert.AreEqual(rows, dealt.Sum());
            Assert.IsTrue(dealt.Zip(held).All(shard => shard.First <= shard.Second), $"{rows}: {string.Join(' ', dealt)}");
        }
    }

    [TestMethod]
    [DataRow("in another order")]
    [DataRow("only its own")]
    [DataRow("one more")]
    public void AProcessWithOtherRowsIsRefused(string fault)
    {
        var options = Options(GentleClipPreset.Clip);
        var (_, _, reason) = ThreadGroup.Run(2, group =>
        {
            var rows = TwoViews.Mixed(40, 60, 50);
            if (group.Rank == 1)
                rows = fault switch
                {
                    "in another order" => [.. rows.Skip(1), rows[0]],
                    "only its own" => [.. rows.Where((_, row) => row % 2 == 1)],
                    _ => [.. rows, rows[0]],
                };
            return Fit(options with { ProcessGroup = group }, rows);
        });
        Assert.Contains("rank 1 differs from rank 0 (training rows is content ", reason!);
        Assert.Contains("Give each all rows: of them it reads its own.", reason!);
        if (fault != "in another order")
            Assert.Contains($"th of {(fault == "one more" ? 151 : 75)}, of rank 0 ", reason!);
    }

    [TestMethod]
    public void FeaturesOfAFrozenEncoderStayWhereTheirRowsAre()
    {
        var options = Proteins.Options(sequence: Proteins.SmallSequence with { TrainableLayers = 0 });
        var counts = ThreadGroup.Succeed(2, group =>
        {
            using var data = TrainingData.Read(Load(Proteins.Mixed(10, 6, 5)), options, () => { }, sharding: new BatchSharding(2, group));
            using var generator = new Generator(5);
            using var model = new TwoTowerModel(new TwoTowerSpec(new(options.ModalityA!, 0), new(options.ModalityB!, 0), 16, 0.07), generator);
            using var reporter = new TrainingReporter((IHost)((IHostEnvironment)new MLContext(1)).Register("test"), null);
            using var features = PrecomputedRows.Compute(model, data, validation: null, CPU, reporter, () => { });
            var store = (ShardedStore)features.Of(data).A.Store;
            Assert.IsTrue(store.HasFeatures);
            int elsewhere = Enumerable.Range(0, store.Count).First(position => !store.Shards.IsOwn(store.Shards.ShardOf(position)));
            Assert.Contains($"Sample {elsewhere} is in shard", Assert.ThrowsExactly<InvalidOperationException>(() => store.Gather([elsewhere])).Message);
            return store.Local.Count;
        });
        Assert.AreEqual(16, counts.Sum());
        Assert.IsLessThan(12, counts.Max());
    }

    [TestMethod]
    [DataRow("n-grams")]
    [DataRow("word pieces")]
    [DataRow("protein windows")]
    public void WhatEncodersLearnFromRowsTheyLearnFromAll(string kind)
    {
        var (options, rows) = kind switch
        {
            "n-grams" => (Captions.Options(steps: 2), Load(Captions.Mixed(24, 20, 20))),
            "word pieces" => (Captions.Options(Captions.SmallBert, steps: 2), Load(Captions.Mixed(24, 20, 20))),
            _ => (Windows(), Load(Proteins.Mixed(16, 8, 8))),
        };
        options.ClosedForm = null;
        options.Batches.Shards = 4;
        byte[] one = Fit(options, rows);
        foreach (int processes in new[] { 2, 4 })
            foreach (byte[] model in ThreadGroup.Succeed(processes, group => Fit(options with { ProcessGroup = group }, rows)))
                CollectionAssert.AreEqual(one, model);

        // Counts have no order, and moments little of it.
        options.Optimizer.LearningRate = 1e-9;
        using var scope = NewDisposeScope();
        using var cut = Train(options, rows);
        using var whole = Train(options with { Batches = options.Batches with { Shards = 1 } }, rows);
        var (state, expected) = (cut.Model.TowerA.state_dict(), whole.Model.TowerA.state_dict());
        string name = kind switch { "n-grams" => "encoder.rarity", "word pieces" => "", _ => "encoder.network.input_mean" };
        if (name.Length > 0)
            Assert.IsLessThan(1e-6, (state[name] - expected[name]).abs().max().item<float>(), name);
        else
            CollectionAssert.AreEqual(Vocabulary(whole), Vocabulary(cut));

        static GentleClipOptions Windows()
        {
            var small = Proteins.Options(steps: 2);
            small.ModalityA = Modality.ProteinSequence("SequenceEmbedding", "Sequence", new ProteinWindowOptions());
            return small;
        }

        static string[] Vocabulary(GentleClipTransformer model) =>
            [.. ((BertEncoderOptions)((TextModality)model.Model.Spec.A.Modality).Encoder).Vocabulary!];
    }

    [TestMethod]
    public void KeywordsAreThoseOfAllPairs()
    {
        var options = Options(GentleClipPreset.Clip);
        float[][] samples = [.. TwoViews.Pairs(3, 9).Select(row => row.B!)];
        options.PairedColumnName = null;
        options.Objectives = [new ContrastiveObjective(), new KeywordObjective(new KeywordOptions("Keywords", samples))];
        var rows = Load(TwoViews.Mixed(40, 60, 50).Select((row, i) => new KeywordRow
        {
            A = row.A,
            B = row.B,
            Keywords = [i % 2 == 0, i % 3 == 0, i % 5 == 0],
        }).ToList());
        using (var alone = TrainingData.Read(rows, options, () => { }, sharding: BatchSharding.None))
            foreach (bool[][] keywords in ThreadGroup.Succeed(2, group =>
            {
                using var data = TrainingData.Read(rows, options, () => { }, sharding: new BatchSharding(4, group));
                return data.PairKeywords.ToArray();
            }))
            {
                Assert.HasCount(alone.PairKeywords.Count, keywords);
                for (int pair = 0; pair < keywords.Length; pair++)
                    CollectionAssert.AreEqual(alone.PairKeywords[pair], keywords[pair], $"pair {pair}");
            }
        byte[] one = Fit(options, rows);
        CollectionAssert.AreEqual(one, ThreadGroup.Succeed(2, group => Fit(options with { ProcessGroup = group }, rows))[1]);
    }

    private sealed class KeywordRow
    {
        [VectorType(TwoViews.DimensionA)]
        public float[]? A { get; set; }

        [VectorType(TwoViews.DimensionB)]
        public float[]? B { get; set; }

        [VectorType(3)]
        public bool[] Keywords { get; set; } = [];
    }

    /// <summary>What the log says of the rows does not depend on who reads them.</summary>
    [TestMethod]
    [DataRow("zeros")]
    [DataRow("repeated")]
    public void DefaultValuesAreFoundAmongTheRowsOfAll(string fault)
    {
        var options = Options(GentleClipPreset.Clip, steps: 1);
        var rows = TwoViews.Mixed(60, 40, 40);
        for (int i = 1; i < 100; i += 3)
            rows[i].A = fault == "zeros" ? new float[TwoViews.DimensionA] : [.. Enumerable.Repeat(0.25f, TwoViews.DimensionA)];
        string[] alone = Warnings(new SingleProcess());
        string expected = $"is {(fault == "zeros" ? "0" : "0.25")} in every slot in 33 of 100";
        Assert.Contains(line => line.Contains(expected, StringComparison.Ordinal), alone, string.Join('\n', alone));
        CollectionAssert.AreEqual(alone, ThreadGroup.Succeed(4, Warnings)[0]);

        string[] Warnings(ProcessGroup group)
        {
            var (context, lines) = (new MLContext(1), new List<string>());
            context.Log += (_, e) =>
            {
                if (e.Kind == ChannelMessageKind.Warning)
                    lines.Add(e.Message);
            };
            context.Transforms.GentleClip(options with { ProcessGroup = group }).Fit(context.Data.LoadFromEnumerable(rows)).Dispose();
            return [.. lines];
        }
    }

    [TestMethod]
    public void ValidationDataAreReadBySharesToo()
    {
        var options = Options(GentleClipPreset.Clip, steps: 4);
        // Samples of the training that validation pairs hold as well are no distractors, wherever either is.
        var (train, validation) = (TwoViews.Mixed(40, 60, 50), TwoViews.Mixed(24, 10, 10, seed: 7));
        for (int i = 0; i < 12; i++)
            (train[i].A, train[i].B) = (validation[2 * i].A, validation[2 * i].B);
        byte[] one = Model(new SingleProcess());
        foreach (byte[] model in ThreadGroup.Succeed(4, Model))
            CollectionAssert.AreEqual(one, model);

        byte[] Model(ProcessGroup group)
        {
            using var model = new MLContext().Transforms.GentleClip(options with { ProcessGroup = group }).Fit(Load(train), Load(validation));
            Assert.IsNotNull(model.History[^1].Validation);
            return SavedModel.Content(model);
        }
    }

    [TestMethod]
    public void AClosedFormIsOfTheRowsOfAll()
    {
        var options = Options(GentleClipPreset.ClosedForm);
        byte[] one = Fit(options, TwoViews.Mixed(40, 60, 50));
        foreach (int size in new[] { 2, 4 })
            foreach (byte[] model in ThreadGroup.Succeed(size, group => Fit(options with { ProcessGroup = group }, TwoViews.Mixed(40, 60, 50))))
                CollectionAssert.AreEqual(one, model, $"{size} processes");
        using var scope = NewDisposeScope();
        using var cut = Train(options, Load(TwoViews.Mixed(40, 60, 50)));
        using var whole = Train(options with { Batches = options.Batches with { Shards = 1 } }, Load(TwoViews.Mixed(40, 60, 50)));
        Assert.AreEqual(whole.ClosedForm!.UnpairedA, cut.ClosedForm!.UnpairedA);
        Assert.AreEqual(whole.ClosedForm.KeptEnergy, cut.ClosedForm.KeptEnergy, 1e-9);
        Assert.AreEqual(whole.ClosedForm.Choice!.Candidates[0].Score, cut.ClosedForm.Choice!.Candidates[0].Score, 1e-6);
    }

    [TestMethod]
    public void WhereThereIsNothingToAlignAllSayIt()
    {
        var options = Options(GentleClipPreset.ClosedForm);
        var rows = TwoViews.Mixed(40, 60, 50);
        foreach (var row in rows.Where(row => row.A is not null))
            row.A = new float[TwoViews.DimensionA];
        var (_, exceptions, _) = ThreadGroup.Run(2, group => Fit(options with { ProcessGroup = group }, rows));
        Assert.IsTrue(exceptions.Any(exception => exception is InvalidOperationException
            && exception.Message.Contains("cannot use side A: all its rows are equal", StringComparison.Ordinal)),
            string.Join('\n', exceptions.Select(exception => exception?.Message)));
    }

    /// <summary>The running statistics after a step are the mean of what each shard, embedded alone, makes of those before it.</summary>
    [TestMethod]
    public void StatisticsOfABatchNormalisationAreTheMeanOfTheShards()
    {
        const int shards = 2, step = 3;
        using var scope = NewDisposeScope();
        var options = Proteins.Options();
        (options.Objectives, options.Batches.Shards) = ([new ContrastiveObjective()], shards);
        using var data = TrainingData.Read(Load(Proteins.Mixed(16, 0, 0)), options, () => { });
        using var random = new RandomSource(5);
        using var model = new TwoTowerModel(
            new TwoTowerSpec(new(options.ModalityA!, 0), new(options.ModalityB!, 0), 16, 0.07), random.Torch("weights", CPU));
        var batches = BatchPlan.Create(options, data.PairCount, 0, 0);
        var sampler = new MixedBatchSampler(data, batches, random, shards);
        sampler.Next();
        var before = Statistics();
        Assert.IsNotEmpty(before);

        var expected = before.ToDictionary(entry => entry.Key, entry => zeros_like(entry.Value));
        using (var layout = new ShardLayout(sampler.PairsOfShards, sampler.UnpairedOfShards.B, 16, CPU))
            for (int shard = 0; shard < shards; shard++)
            {
                Restore();
                using var generator = random.TorchAt("noise", [step, shard, 1, 0]);
                var noise = new NoiseSource(generator);
                model.TowerB.Embed(data.B.Store.Gather(layout.Of(sampler.Positions(Side.B), shard)), noise);
                foreach (var (name, value) in Statistics())
                    expected[name].add_(value / shards);
            }
        Restore();
        using var loss = new TotalLoss(options.Objectives);
        using var viewedTwice = new ViewedTwice(sampler, options.Objectives.Needs, CPU);
        using (var sharded = new ShardedStep(
            model, data, sampler, options.Objectives.Needs, viewedTwice, null, null, null, new BatchSharding(shards, new SingleProcess()), random, CPU))
        {
            var rows = new StepBatch(Sides<int[]>.Of(side => sampler.Positions(side).ToArray()), sampler.Pairs.ToArray());
            using var begun = rows with { FirstShard = sharded.OpenFirst(step, rows.Positions) };
            sharded.Run(step, begun, input =>
            {
                using var losses = loss.Compute(input with { Step = step, NumberOfSteps = 10 });
                losses.Total.backward();
            });
        }
        foreach (var (name, value) in Statistics())
        {
            Assert.IsGreaterThan(1e-4f, (value - before[name]).abs().max().item<float>(), $"{name} moves");
            Assert.IsLessThan(1e-5f, (value - expected[name]).abs().max().item<float>(), name);
        }

        Dictionary<string, Tensor> Statistics() => model.TowerB.state_dict().Where(entry => entry.Key.Contains("running_", StringComparison.Ordinal))
            .ToDictionary(entry => entry.Key, entry => entry.Value.detach().clone());

        void Restore()
        {
            using var frozen = no_grad();
            foreach (var (name, value) in model.TowerB.state_dict())
                if (before.TryGetValue(name, out var old))
                    value.copy_(old);
        }
    }

    private static GentleClipOptions Options(GentleClipPreset preset, int steps = 6)
    {
        var options = GentleClipOptions.FromPreset(preset);
        var small = TwoViews.Options(steps);
        if (preset != GentleClipPreset.ClosedForm)
            (options.ModalityA, options.ModalityB, options.MaximumNumberOfSteps) = (small.ModalityA, small.ModalityB, steps);
        else
            (options.ModalityA, options.ModalityB) = (Modality.Vector("EmbeddingA", "A"), Modality.Vector("EmbeddingB", "B"));
        (options.EmbeddingDimension, options.Batches.Size, options.NumberOfThreads) = (16, 32, 1);
        (options.PairedColumnName, options.Seed, options.Batches.Shards) = ("IsPaired", 3, 4);
        return options;
    }

    private static IDataView Load<T>(List<T> rows) where T : class => new MLContext(1).Data.LoadFromEnumerable(rows);

    private static GentleClipTransformer Train(GentleClipOptions options, IDataView rows) => new MLContext().Transforms.GentleClip(options).Fit(rows);

    private static byte[] Fit(GentleClipOptions options, List<TwoViews.Row> rows) => Fit(options, Load(rows));

    private static byte[] Fit(GentleClipOptions options, IDataView rows)
    {
        using var model = Train(options, rows);
        return SavedModel.Content(model);
    }
}
