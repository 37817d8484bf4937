using Microsoft.ML.Data;
using Microsoft.ML.Trainers;
using Microsoft.ML.Trainers.FastTree;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>Which rows the next estimators of a pipeline are fitted on, and what ML.NET's trainers make of rows without embedding.</summary>
[TestClass]
public sealed class TrainingRowsTests
{
    private const int Pairs = 40;
    private const int UnpairedA = 60;
    private const int UnpairedB = 50;
    private const string Feature = "EmbeddingA";

    private readonly MLContext _mlContext = new(seed: 1);
    private readonly ContextLog _log;
    private readonly IDataView _data;

    public TrainingRowsTests()
    {
        _log = new ContextLog(_mlContext);
        _data = _mlContext.Data.LoadFromEnumerable(Rows);
    }

    private sealed class Row
    {
        [VectorType(TwoViews.DimensionA)]
        public float[]? A { get; set; }

        [VectorType(TwoViews.DimensionB)]
        public float[]? B { get; set; }

        public string Name { get; set; } = "";

        public string Species { get; set; } = "";

        public bool Label { get; set; }
    }

    // Pairs, A alone and B alone in turn, so that what is left out lies between what stays.
    private static readonly List<Row> Rows = [.. TwoViews.Mixed(Pairs, UnpairedA, UnpairedB)
        .Select((row, i) => new Row { A = row.A, B = row.B, Name = $"{i}", Species = $"species {row.Cluster}", Label = row.Cluster == 1 })
        .OrderBy(row => int.Parse(row.Name) * 7 % 150)];

    [TestMethod]
    [DataRow(TrainingRows.All)]
    [DataRow(TrainingRows.WithA)]
    [DataRow(TrainingRows.WithB)]
    [DataRow(TrainingRows.WithBoth)]
    public void TheNextEstimatorsSeeTheRowsThatWereChosen(TrainingRows rows)
    {
        var expected = Rows.Where(row => (rows is not (TrainingRows.WithA or TrainingRows.WithBoth) || row.A is not null)
            && (rows is not (TrainingRows.WithB or TrainingRows.WithBoth) || row.B is not null)).Select(row => row.Name).ToArray();
        var (first, second) = (new RowCounter(_mlContext, "Name"), new RowCounter(_mlContext, "Name"));
        var gentle = GentleClip(rows);
        using var model = gentle.Append(first).Append(second).Fit(_data);
        CollectionAssert.AreEqual(expected, first.Fitted);
        CollectionAssert.AreEqual(expected, second.Fitted);

        var cached = new RowCounter(_mlContext, "Name");
        using var cachedModel = gentle.AppendCacheCheckpoint(_mlContext).Append(cached).Fit(_data);
        CollectionAssert.AreEqual(expected, cached.Fitted);

        // What is fitted maps every row, saved and loaded too.
        var (loaded, _) = EstimatorContract.SaveAndLoad(_mlContext, model, _data.Schema);
        using var disposeLoaded = (IDisposable)loaded;
        foreach (var transformer in new[] { model, loaded })
            CollectionAssert.AreEqual(Rows.Select(row => row.Name).ToArray(), transformer.Transform(_data).GetColumn<string>("Name").ToArray());
        Assert.AreEqual(rows, ((TransformerChain<ITransformer>)loaded).OfType<GentleClipTransformer>().Single().TrainingRows);
    }

    [TestMethod]
    public void OutsideAPipelineNothingIsLeftOut()
    {
        using var model = GentleClip(TrainingRows.WithBoth).Fit(_data);
        Assert.AreEqual(Rows.Count, model.Transform(_data).GetColumn<string>("Name").Count());
    }

    [TestMethod]
    [DataRow("Sdca", "Skipped 50 instances with missing features/label during training")]
    [DataRow("FastTree", "Skipped 50 instances with missing features during training")]
    [DataRow("NaiveBayes", null)]
    public void AllThreeTrainersSkipRowsWithoutEmbeddingAndNaiveBayesDoesNotSayIt(string trainer, string? warning)
    {
        var (all, skipped) = Fit(trainer, TrainingRows.All);
        using var disposeAll = all;
        CollectionAssert.AreEqual(warning is null ? Array.Empty<string>() : [warning], skipped);

        // With WithA nothing is left to skip, and the trainer has learnt the same: as by hand on rows filtered by hand.
        var (withA, warnings) = Fit(trainer, TrainingRows.WithA);
        using var disposeWithA = withA;
        Assert.IsEmpty(warnings);
        using var gentle = GentleClip(TrainingRows.WithA).Fit(_data);
        var filtered = _mlContext.Data.FilterRowsByMissingValues(gentle.Transform(_data), Feature);
        Assert.AreEqual(Pairs + UnpairedA, filtered.GetColumn<string>("Name").Count());
        var byHand = Trainer(trainer).Fit(filtered);
        var expected = Scores(trainer, byHand.Transform(gentle.Transform(_data)));
        Embeddings.AssertEqualBits(expected, Scores(trainer, withA.Transform(_data)));
        Embeddings.AssertEqualBits(expected, Scores(trainer, all.Transform(_data)));

        // WithB would have given another model: the comparison is able to fail.
        var (withB, _) = Fit(trainer, TrainingRows.WithB);
        using var disposeWithB = withB;
        Assert.IsFalse(Scores(trainer, withB.Transform(_data))[0].SequenceEqual(expected[0]));
    }

    [TestMethod]
    [DataRow("Sdca")]
    [DataRow("FastTree")]
    [DataRow("NaiveBayes")]
    public void OnlySdcaScoresARowWithoutEmbeddingAsMissing(string trainer)
    {
        var (model, _) = Fit(trainer, TrainingRows.WithA);
        using var disposeModel = model;
        var scored = model.Transform(_data);
        CollectionAssert.AreEqual(Rows.Select(row => row.Name).ToArray(), scored.GetColumn<string>("Name").ToArray());
        var scores = Scores(trainer, scored);
        for (var row = 0; row < Rows.Count; row++)
        {
            var isMissing = scores[row].All(bits => float.IsNaN(BitConverter.Int32BitsToSingle(bits)));
            Assert.AreEqual(trainer == "Sdca" && Rows[row].A is null, isMissing, $"row {row}");
        }
        if (trainer == "FastTree")
            return;
        var predictions = scored.GetColumn<uint>("PredictedLabel").ToArray();
        for (var row = 0; row < Rows.Count; row++)
            Assert.AreEqual(trainer == "Sdca" && Rows[row].A is null, predictions[row] == 0, $"row {row}");
    }

    [TestMethod]
    [DataRow("Sdca")]
    [DataRow("FastTree")]
    [DataRow("NaiveBayes")]
    public void EvaluationAfterTheFilterCountsTheRowsWithEmbeddingAlone(string trainer)
    {
        var (model, _) = Fit(trainer, TrainingRows.WithA);
        using var disposeModel = model;
        var scored = _mlContext.Data.FilterRowsByMissingValues(model.Transform(_data), Feature);
        var (matrix, accuracy) = trainer == "FastTree"
            ? Read(_mlContext.BinaryClassification.Evaluate(scored))
            : Read(_mlContext.MulticlassClassification.Evaluate(scored, "Key"));
        Assert.AreEqual(Pairs + UnpairedA, matrix.Counts.Sum(row => row.Sum()));
        Assert.IsGreaterThan(0.6, accuracy);

        static (ConfusionMatrix Matrix, double Accuracy) Read(object metrics) => metrics switch
        {
            CalibratedBinaryClassificationMetrics binary => (binary.ConfusionMatrix, binary.Accuracy),
            MulticlassClassificationMetrics multiclass => (multiclass.ConfusionMatrix, multiclass.MicroAccuracy),
            _ => throw new NotSupportedException(),
        };
    }

    private GentleClipEstimator GentleClip(TrainingRows rows)
    {
        var options = TwoViews.Options(steps: 20);
        options.TrainingRows = rows;
        options.Seed = 3;
        return _mlContext.Transforms.GentleClip(options);
    }

    /// <summary>Embeddings, then a trainer on those of A; and the warnings of its training.</summary>
    private (TransformerChain<TransformerChain<ITransformer>> Model, string[] Warnings) Fit(string trainer, TrainingRows rows)
    {
        _log.Clear();
        return (GentleClip(rows).Append(Trainer(trainer)).Fit(_data), [.. _log.Warnings]);
    }

    private EstimatorChain<ITransformer> Trainer(string name) =>
        _mlContext.Transforms.Conversion.MapValueToKey("Key", "Species").Append<ITransformer>(name switch
        {
            // Without shuffling the order of the rows is all that matters, not how often the context was asked for random numbers.
            "Sdca" => _mlContext.MulticlassClassification.Trainers.SdcaMaximumEntropy(new SdcaMaximumEntropyMulticlassTrainer.Options
            {
                LabelColumnName = "Key",
                FeatureColumnName = Feature,
                NumberOfThreads = 1,
                Shuffle = false,
            }),
            "NaiveBayes" => _mlContext.MulticlassClassification.Trainers.NaiveBayes("Key", Feature),
            "FastTree" => _mlContext.BinaryClassification.Trainers.FastTree(new FastTreeBinaryTrainer.Options
            {
                FeatureColumnName = Feature,
                NumberOfThreads = 1,
                NumberOfTrees = 10,
                MinimumExampleCountPerLeaf = 5,
            }),
            _ => throw new NotSupportedException(name),
        });

    private static int[][] Scores(string trainer, IDataView scored) => trainer == "FastTree"
        ? [.. scored.GetColumn<float>("Score").Select(score => new[] { BitConverter.SingleToInt32Bits(score) })]
        : Embeddings.Bits(scored, "Score");
}
