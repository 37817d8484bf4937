using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;
using Microsoft.ML.Trainers;
using Microsoft.ML.Transforms;

namespace ProteinAlignment;

/// <summary>Trains both methods on the same rows with the same seeds and measures them on the same test rows.</summary>
internal sealed class Experiment(IReadOnlyList<Protein> proteins, bool raw, int seeds, int steps, string modelFile, CancellationToken cancellation)
{
    public const string OnlyPairs = "contrastive, only the pairs";
    public const string GentleClip = "Gentle-CLIP";

    private readonly string _sequence = raw ? nameof(Protein.Sequence) : nameof(Protein.SequenceFeatures);
    private readonly string _structure = raw ? nameof(Protein.AlphaCarbons) : nameof(Protein.StructureFeatures);

    // Chosen by cross-validation of the classifier on raw features, so that the baseline is as good as it gets.
    private const float Regularisation = 200;

    /// <summary>Runs it all; <paramref name="progressOf"/> gives each run (method, seed) its progress bar.</summary>
    public Results Run(Func<string, int, IProgress<TrainingProgress>> progressOf)
    {
        var watch = Stopwatch.StartNew();
        var split = ProteinSplit.Create(proteins, seed: 1);
        (int Seed, string Method, IProgress<TrainingProgress> Progress)[] plan =
            [.. from seed in Enumerable.Range(1, seeds)
                from method in (string[])[OnlyPairs, GentleClip]
                select (seed, method, progressOf(method, seed))];
        var runs = new Run[plan.Length];
        try
        {
            // Each training has one thread and a context of its own, so runs side by side give what they give one by one.
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = Math.Min(2, Environment.ProcessorCount), CancellationToken = cancellation };
            Parallel.For(0, plan.Length, parallel, i => runs[i] = Train(plan[i].Method, plan[i].Seed, plan[i].Progress));
        }
        catch (AggregateException problems)
        {
            ExceptionDispatchInfo.Throw(problems.InnerExceptions[0]);
        }
        return new Results(MeasureBaselines(split), raw ? RawFloor.Measure(split, Options(OnlyPairs, seed: 1, progress: null)) : null, runs,
            split.Pairs.Length, split.Sequences.Length, split.Test.Length, watch.Elapsed.TotalSeconds);
    }

    private Run Train(string method, int seed, IProgress<TrainingProgress> progress)
    {
        var mlContext = new MLContext(seed);
        var split = ProteinSplit.Create(proteins, seed);
        IDataView training = split.TrainingView(mlContext, _sequence, _structure), test = split.TestView(mlContext, _sequence, _structure);
        GentleClipOptions options = Options(method, seed, progress);
        var pipeline = mlContext.Transforms.GentleClip(options)
            .Append(Classifier(mlContext, raw ? Columns.EncodedSequence : Columns.SequenceEmbedding));

        var watch = Stopwatch.StartNew();
        using var model = pipeline.Fit(training);
        double seconds = watch.Elapsed.TotalSeconds;

        IDataView scored = mlContext.Data.Cache(model.Transform(test));
        if (method == GentleClip && seed == seeds)
            SaveAndCheck(mlContext, model, training.Schema, test, scored);
        var retrieval = mlContext.GentleClip().EvaluateRetrieval(scored, Columns.SequenceEmbedding, Columns.StructureEmbedding, k: Scores.Ks);
        var classes = mlContext.MulticlassClassification.Evaluate(scored, Columns.ClassKey);
        var scores = new Scores([.. Scores.Ks.Select(retrieval.AToB.RecallAt)], [.. Scores.Ks.Select(retrieval.BToA.RecallAt)],
            classes.MicroAccuracy, classes.MacroAccuracy);
        double[]? pieces = raw ? RawFloor.RecallOfPieces(mlContext, model.OfType<GentleClipTransformer>().Single(), split.Test) : null;
        return new Run(method, seed, options, scores, seconds, model.OfType<GentleClipTransformer>().Single().History, Embeddings(scored), pieces);
    }

    // Both methods get the same number of steps and, as the batches hold the same number of pairs, of pair presentations.
    private GentleClipOptions Options(string method, int seed, IProgress<TrainingProgress>? progress)
    {
        var options = GentleClipOptions.FromPreset(method == GentleClip ? GentleClipPreset.Recommended : GentleClipPreset.Clip);
        if (raw)
        {
            RawEncoders.SetUp(options);
        }
        else
        {
            options.ModalityA = Modality.Vector(Columns.SequenceEmbedding, _sequence);
            options.ModalityB = Modality.Vector(Columns.StructureEmbedding, _structure);
        }
        options.PairedColumnName = Columns.IsPaired;
        options.MaximumNumberOfSteps = steps;
        options.TrainingRows = TrainingRows.WithA; // the classifier learns from every row that has a sequence
        options.NumberOfThreads = 1; // two threads on cores that others use as well are slower than one
        options.Seed = seed;
        options.Progress = progress;
        options.CancellationToken = cancellation;
        return options;
    }

    private static Baselines MeasureBaselines(ProteinSplit split)
    {
        var mlContext = new MLContext(seed: 1);
        var model = Classifier(mlContext, nameof(Protein.SequenceFeatures)).Fit(split.SequenceView(mlContext));
        var raw = mlContext.MulticlassClassification.Evaluate(
            model.Transform(split.TestView(mlContext, nameof(Protein.SequenceFeatures), nameof(Protein.StructureFeatures))), Columns.ClassKey);
        string majority = split.Pairs.Concat(split.Sequences).CountBy(protein => protein.Class).MaxBy(entry => entry.Value).Key;
        return new Baselines(
            raw.MicroAccuracy,
            raw.MacroAccuracy,
            split.Test.Count(protein => protein.Class == majority) / (double)split.Test.Length,
            1.0 / split.Test.DistinctBy(protein => protein.Class).Count(),
            [.. Scores.Ks.Select(k => Math.Min(1, k / (double)split.Test.Length))]);
    }

    private static EstimatorChain<KeyToValueMappingTransformer> Classifier(MLContext mlContext, string features) =>
        mlContext.Transforms.NormalizeMeanVariance(Columns.ClassifierFeatures, features, fixZero: false)
            .Append(mlContext.Transforms.Conversion.MapValueToKey(Columns.ClassKey, nameof(Protein.Class)))
            .Append(mlContext.MulticlassClassification.Trainers.LbfgsMaximumEntropy(new LbfgsMaximumEntropyMulticlassTrainer.Options
            {
                LabelColumnName = Columns.ClassKey,
                FeatureColumnName = Columns.ClassifierFeatures,
                L1Regularization = 0,
                L2Regularization = Regularisation,
                NumberOfThreads = 1, // sums in the same order each time
            }))
            .Append(mlContext.Transforms.Conversion.MapKeyToValue(Columns.PredictedClass, "PredictedLabel"));

    private void SaveAndCheck(MLContext mlContext, ITransformer model, DataViewSchema inputs, IDataView test, IDataView scored)
    {
        mlContext.Model.Save(model, inputs, modelFile);
        IDataView again = new MLContext().Model.Load(modelFile, out _).Transform(test);
        foreach (string column in (string[])[Columns.SequenceEmbedding, Columns.StructureEmbedding])
        {
            float[][] expected = [.. scored.GetColumn<float[]>(column)], found = [.. again.GetColumn<float[]>(column)];
            for (int row = 0; row < expected.Length; row++)
                if (!expected[row].Select(BitConverter.SingleToInt32Bits).SequenceEqual(found[row].Select(BitConverter.SingleToInt32Bits)))
                    throw new InvalidOperationException($"{modelFile}: column {column} of the reloaded model differs in row {row}.");
        }
    }

    private static TestEmbeddings Embeddings(IDataView scored) => new(
        [.. scored.GetColumn<float[]>(Columns.SequenceEmbedding)],
        [.. scored.GetColumn<float[]>(Columns.StructureEmbedding)],
        [.. scored.GetColumn<string>(nameof(Protein.Class))]);
}
