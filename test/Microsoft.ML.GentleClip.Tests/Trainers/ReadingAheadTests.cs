using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Trainers;

/// <summary>
/// The next batch is prepared while a step or a pass computes: the same bits as without, one batch ahead and no more, nothing left when it is given up, and a
/// failure at its batch's turn, with the row named.
/// </summary>
[TestClass]
public sealed class ReadingAheadTests
{
    private static readonly MLContext Context = new(seed: 1);

    public static IEnumerable<object[]> Towers =>
    [
        ["n-grams", 1], ["BERT", 1], ["windows", 1], ["structures", 1], ["both sides structures", 1], ["pictures", 1], ["n-grams", 3], ["structures", 2],
    ];

    [TestMethod]
    [DynamicData(nameof(Towers))]
    public void TrainingAndScoringGiveTheBitsThatTheyGiveWithout(string towers, int shards)
    {
        var (options, data) = Training(towers);
        options.Batches.Shards = shards;
        List<byte[]> with = Fit(options, data), without;
        using (Ahead.Off())
            without = Fit(options, data);
        Assert.HasCount(3, with);
        for (var i = 0; i < with.Count; i++)
            CollectionAssert.AreEqual(without[i], with[i], $"{i}");
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow(0)]
    public void FineTuningGivesTheBitsThatItGivesWithout(int? layers)
    {
        var rows = Proteins.Pieces(24, 20).Select((row, i) => new Labelled { AlphaCarbons = row.AlphaCarbons, Sequence = row.Sequence, Label = i % 2 == 0 });
        var data = Context.Data.LoadFromEnumerable(rows.ToList());
        var (options, training) = Training("structures");
        using var model = Context.Transforms.GentleClip(options).Fit(training);
        var tuning = new FineTuningOptions
        {
            LabelColumnName = "Label",
            Side = Side.B,
            TrainableLayers = layers,
            MaximumNumberOfSteps = 5,
            NumberOfThreads = 1,
            Seed = 2,
        };
        byte[] Tune()
        {
            using var tuned = Context.BinaryClassification.Trainers.GentleClipFineTuning(model, tuning).Fit(data);
            return [.. tuned.Transform(data).GetColumn<float>("Score").SelectMany(BitConverter.GetBytes)];
        }
        byte[] with = Tune();
        using (Ahead.Off())
            CollectionAssert.AreEqual(Tune(), with);
    }

    [TestMethod]
    public void ACancelledTrainingLeavesNoThreadAndNoTensor()
    {
        var (options, data) = Training("pictures"); // whose batches are tensors, gathered by a thread of the pool
        Run(isCancelled: false);
        // What a model's parameters leave behind (LiveTensors) is in both.
        var whole = Growth(isCancelled: false);
        Assert.IsLessThanOrEqualTo(whole, Growth(isCancelled: true), "of a batch that nobody took");

        long Growth(bool isCancelled)
        {
            var before = LiveTensors.Settled();
            Run(isCancelled);
            return Tensor.TotalCount - before;
        }

        void Run(bool isCancelled)
        {
            using var cancellation = new CancellationTokenSource();
            var own = options with
            {
                CancellationToken = cancellation.Token,
                Progress = new Reports(state =>
                {
                    if (isCancelled && state.Loss is not null)
                        cancellation.Cancel();
                }),
            };
            try
            {
                Context.Transforms.GentleClip(own).Fit(data).Dispose();
                Assert.IsFalse(isCancelled);
            }
            catch (OperationCanceledException)
            {
                Assert.IsTrue(isCancelled);
            }
        }
    }

    [TestMethod]
    public void OnePassIsAheadAndNoMore()
    {
        using var scope = NewDisposeScope();
        using var store = Store(40);
        using var tower = new Tower(Spec, 4, new Generator(1));
        var (asked, ahead) = (0, 0);
        IEnumerable<int[]> Passes()
        {
            for (var i = 0; i < 10; i++)
            {
                asked++;
                yield return [4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3];
            }
        }
        var taken = 0;
        foreach (var batch in tower.Read(store, Passes(), CPU))
        {
            taken++;
            ahead = Math.Max(ahead, asked - taken);
            Assert.AreEqual(4, tower.Features(batch).size(0));
        }
        Assert.AreEqual((10, 10, 1), (taken, asked, ahead));

        asked = 0;
        foreach (var _ in tower.Read(store, Passes(), CPU).Take(3))
        {
        }
        Assert.IsLessThanOrEqualTo(4, asked, "whoever stops has at most one pass ahead");
    }

    [TestMethod]
    public void ABatchThatIsGivenUpIsAsIfItHadNotBeenDrawn()
    {
        using var random = new RandomSource(3);
        var cycle = new IndexCycle(Enumerable.Range(0, 10), random.Managed("rows"));
        var noise = random.Torch("noise");
        var (drawn, freed) = (new List<int[]>(), 0);
        using var reader = new BatchReader<Batch>(random, [cycle], drawsNoise: true, step =>
        {
            var rows = new int[4];
            cycle.Draw(rows);
            rand(1, generator: noise).Dispose();
            drawn.Add(rows);
            return new Batch(() => freed++);
        });
        for (var step = 0; step < 9; step++) // 10 rows in fours: the order changes within
        {
            using var batch = reader.Take(step);
            var (state, streams) = (cycle.State, random.GetState());
            reader.Begin(step + 1);
            var (order, position) = cycle.State;
            CollectionAssert.AreEqual(state.Order, order, $"step {step}: a checkpoint knows nothing of the batch ahead");
            Assert.AreEqual(state.Position, position);
            foreach (var (name, bytes) in random.GetState())
                CollectionAssert.AreEqual(streams[name], bytes, name);
        }
        Assert.ThrowsExactly<InvalidOperationException>(() => reader.Take(3));
        var last = drawn[^1];
        reader.Dispose();
        Assert.AreEqual(10, freed, "each batch that was taken, and the one that was not");
        var again = new int[4];
        cycle.Draw(again);
        CollectionAssert.AreEqual(last, again, "the rows that were given up come next");
    }

    [TestMethod]
    public void ASampleThatCannotBePreparedIsNamedAtItsTurn()
    {
        using var scope = NewDisposeScope();
        using var store = Store(12);
        using var encoder = new Picky();
        TowerWork Work(params int[] positions)
        {
            var work = new TowerWork(encoder, "Sequence", store, positions);
            work.AddView(noise: null);
            return work;
        }
        using (var ahead = Work(0, 1).Begin())
            ahead.Take().Dispose();
        var failing = Work(3, 5, 8).Begin();
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => failing.Take());
        Assert.AreEqual("Row 1005, column 'Sequence': the sample cannot be prepared for its encoder: six residues are not liked.", error.Message);
        Assert.IsInstanceOfType<FormatException>(error.InnerException);
        using (Ahead.Off())
            Assert.AreEqual(error.Message, Assert.ThrowsExactly<InvalidOperationException>(() => Work(3, 5, 8).Begin().Take()).Message);
        encoder.LikesBatches = false;
        error = Assert.ThrowsExactly<InvalidOperationException>(() => Work(3, 8).Run());
        Assert.AreEqual(
            "2 samples of column 'Sequence', of rows 1003 to 1008, cannot be prepared for their encoder in one batch: too many.", error.Message);
    }

    [TestMethod]
    public void RowsOfATrainingKeepTheirNumbers()
    {
        var (options, view) = Training("structures");
        using var data = TrainingData.Read(view, options, () => { });
        // Eight pairs, then six rows with only a sequence, then five with only a structure.
        Assert.AreEqual(13, data.A.Store.RowOf(13));
        Assert.AreEqual(14, data.B.Store.RowOf(8));
        Assert.AreEqual(18, data.B.Store.RowOf(12));
        using var validation = TrainingData.Read(view, options, () => { }, "Validation row", trains: false);
        Assert.AreEqual(("Row", "Validation row"), (data.A.Store.RowName, validation.A.Store.RowName));
        using var picky = new Picky { Disliked = ((SequenceBatch)validation.A.Store.Gather([2])).Residues[0].Length };
        var work = new TowerWork(picky, "Sequence", validation.A.Store, [2]);
        work.AddView(noise: null);
        Assert.StartsWith("Validation row 2, column 'Sequence'", Assert.ThrowsExactly<InvalidOperationException>(() => work.Run()).Message);
    }

    [TestMethod]
    public void StatisticsOfSequencesAreComputedOnceARow()
    {
        using var scope = NewDisposeScope();
        var (options, view) = Training("windows");
        using var data = TrainingData.Read(view, options, () => { });
        using var generator = new Generator(5);
        using var model = new TwoTowerModel(new TwoTowerSpec(new(options.ModalityA!, 0), new(options.ModalityB!, 6), 16, 0.07), generator);
        using var reporter = new TrainingReporter((Microsoft.ML.Runtime.IHost)((Microsoft.ML.Runtime.IHostEnvironment)Context).Register("test"), null);
        using var features = PrecomputedRows.Compute(model, data, validation: null, CPU, reporter, () => { });
        var store = features.Of(data).A.Store;
        Assert.IsFalse(store.HasFeatures, "the encoder trains");
        int[] positions = [3, 0, 3, 7];
        var batch = store.Gather(positions);
        CollectionAssert.AreEqual(new long[] { 4, ProteinProfile.Count }, ((VectorBatch)batch).Values.shape);
        CollectionAssert.AreEqual(
            model.TowerA.Features(data.A.Store.Gather(positions)).data<float>().ToArray(), model.TowerA.Features(batch).data<float>().ToArray());
        Assert.AreEqual(data.A.Store.LengthOf(7), store.LengthOf(7));
    }

    private static TowerSpec Spec => new(Modality.ProteinSequence("E", "Sequence", new ProteinWindowOptions { HiddenDimensions = [8] }), 0);

    private static SequenceStore Store(int rows)
    {
        var store = (SequenceStore)ModalityKinds.Bind(Spec.Modality, Schema).CreateStore();
        for (var i = 0; i < rows; i++)
        {
            store.Add(Reader(new string('A', i + 1)));
            store.NameLast(1000 + i);
        }
        return store;
    }

    private static DataViewSchema Schema
    {
        get
        {
            var builder = new DataViewSchema.Builder();
            builder.AddColumn("Sequence", TextDataViewType.Instance);
            return builder.ToSchema();
        }
    }

    private static ExampleReader Reader(string sequence)
    {
        var kind = ModalityKinds.Of(Spec.Modality).InputOf<string>(Spec.Modality, 0)!;
        var row = new InputRow<string>(Schema, kind);
        row.Set(sequence, 0);
        var reader = ModalityKinds.Bind(Spec.Modality, row.Schema).Open(row);
        Assert.AreEqual(Presence.Present, reader.Read());
        return reader;
    }

    private static (GentleClipOptions Options, IDataView Data) Training(string towers)
    {
        var proteins = Proteins.Options(steps: 6, sequence: Proteins.SmallSequence);
        proteins.Batches.Size = 8;
        if (towers == "pictures")
        {
            // Decoded by the reader, so in memory.
            return (Pictures.Options(steps: 3), Context.Data.LoadFromEnumerable(Enumerable.Range(0, 20).Select(i => new Pictured
            {
                Image = Pictures.Create(i % Pictures.Colors, 18, 20),
                Features = [.. Enumerable.Range(0, Pictures.Colors).Select(j => (float)((i * (j + 3)) % 7))],
            }).ToList()));
        }
        if (towers is "n-grams" or "BERT")
            return (new GentleClipOptions
            {
                ModalityA = Modality.Text("SequenceEmbedding", "Text",
                    towers == "BERT" ? new BertEncoderOptions { Size = new BertSize(1, 16, 2) } : new TextNGramOptions { Buckets = 512, TableDimension = 16 }),
                ModalityB = Modality.Vector("StructureEmbedding", "Features"),
                PairedColumnName = "IsPaired",
                EmbeddingDimension = 8,
                Batches = new() { Size = 16 },
                MaximumNumberOfSteps = 6,
                NumberOfThreads = 1,
                Seed = 3,
            }, Context.Data.LoadFromEnumerable(Captions.Mixed(20, 20, 20)));
        proteins.PairedColumnName = "IsPaired";
        if (towers == "windows")
        {
            proteins.ModalityA = Modality.ProteinSequence("SequenceEmbedding", "Sequence", new ProteinWindowOptions { HiddenDimensions = [16] });
            proteins.ModalityB = Modality.ProteinStructure("StructureEmbedding", "AlphaCarbons", encoder: Proteins.SmallStructure);
        }
        if (towers == "both sides structures")
        {
            proteins.ModalityA = Modality.ProteinStructure("SequenceEmbedding", "Others", encoder: Proteins.SmallStructure);
            return (proteins, Context.Data.LoadFromEnumerable(Proteins.Pieces(14, 14).Zip(Proteins.Pieces(14, 12, first: 20), (row, other) => new TwoChains
            {
                AlphaCarbons = row.AlphaCarbons,
                Others = other.AlphaCarbons,
            }).ToList()));
        }
        return (proteins, Context.Data.LoadFromEnumerable(Proteins.Mixed(8, 6, 5)));
    }

    private static List<byte[]> Fit(GentleClipOptions options, IDataView data)
    {
        using var model = Context.Transforms.GentleClip(options).Fit(data);
        using var scope = NewDisposeScope();
        return
        [
            [.. model.Model.state_dict().OrderBy(entry => entry.Key, StringComparer.Ordinal).SelectMany(entry => entry.Value.bytes.ToArray())],
            .. new[] { model.ModalityA, model.ModalityB }.Select(modality =>
                Embeddings.Bits(model.Transform(data), modality.OutputColumnName).SelectMany(row => row.SelectMany(BitConverter.GetBytes)).ToArray()),
        ];
    }

    private sealed class TwoChains
    {
        public float[]? AlphaCarbons { get; set; }

        public float[]? Others { get; set; }

        public bool IsPaired { get; set; } = true;
    }

    private sealed class Labelled
    {
        public string? Sequence { get; set; }

        public float[]? AlphaCarbons { get; set; }

        public bool Label { get; set; }
    }

    private sealed class Pictured
    {
        [Microsoft.ML.Transforms.Image.ImageType(20, 18)]
        public MLImage? Image { get; set; }

        [VectorType(Pictures.Colors)]
        public float[]? Features { get; set; }
    }

    private sealed class Reports(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }

    private sealed class Batch(Action free) : IDisposable
    {
        public void Dispose() => free();
    }

    private sealed class Picky() : Encoder(nameof(Picky))
    {
        public bool LikesBatches { get; set; } = true;

        public int Disliked { get; init; } = 6;

        public override int FeatureDimension => 1;

        public override Func<ModalityBatch> Prepare(ModalityBatch batch, NoiseSource? noise) => () =>
            ((SequenceBatch)batch).Residues.Any(sequence => sequence.Length == Disliked) ? throw new FormatException("six residues are not liked.")
            : !LikesBatches && ((SequenceBatch)batch).Residues.Count > 1 ? throw new FormatException("too many.")
            : batch;

        public override Tensor Encode(ModalityBatch batch, NoiseSource? noise) => throw new NotSupportedException();
    }
}
