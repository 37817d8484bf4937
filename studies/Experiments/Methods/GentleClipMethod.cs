using System.Text.Json.Nodes;
using Experiments.Configuration;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

namespace Experiments.Methods;

/// <summary>A preset of the library with its overrides.</summary>
internal sealed class GentleClipMethod(GentleClipOptions options, VectorEncoderOptions encoder, int steps, ExperimentConfig experiment,
    int referencePairs) : IMethod
{
    private const string A = nameof(Row.A), B = nameof(Row.B), EmbeddingA = nameof(EmbeddingA), EmbeddingB = nameof(EmbeddingB);

    public JsonObject Settings { get; } = OptionOverrides.Describe(options, encoder);

    /// <summary>
    /// As many steps as see each pair as often as the baseline of the configuration does, whose batch holds <c>referencePairs</c>, or all that there are.
    /// </summary>
    public MethodPlan Plan(int pairs, int unpairedA, int unpairedB)
    {
        // With a number of pairs that is said, a data set without unpaired rows gets no batches of pairs alone.
        var planned = options with { };
        if (planned.Batches.PairsPerBatchRule == PairsPerBatchRule.Fixed)
            planned.Batches.PairsPerBatch = FixedPairs(options);
        var perBatch = BatchPlan.Create(planned, pairs, unpairedA, unpairedB).Pairs;
        var reference = Math.Min(pairs, referencePairs);
        var equal = experiment.EqualPresentations ? (long)Math.Ceiling((double)steps * reference / perBatch) : steps;
        return new MethodPlan((int)Math.Min(equal, experiment.MaximumSteps), perBatch);
    }

    /// <summary>Pairs in a batch where the data hold enough.</summary>
    public static int FixedPairs(GentleClipOptions options) => options.Batches.PairsPerBatch ?? Math.Max(2, options.Batches.Size / 2);

    public IFittedMethod Fit(TrainingSet training, int seed, CancellationToken cancellation)
    {
        var mlContext = new MLContext(seed);
        var plan = Plan(training.PairsA.Length, training.UnpairedA.Length, training.UnpairedB.Length);
        var run = options with
        {
            ModalityA = Modality.Vector(EmbeddingA, A, encoder),
            ModalityB = Modality.Vector(EmbeddingB, B, encoder),
            PairedColumnName = nameof(Row.IsPaired),
            MaximumNumberOfSteps = plan.Steps,
            NumberOfThreads = experiment.Threads,
            Seed = seed,
            CancellationToken = cancellation,
        };
        if (run.Batches.PairsPerBatchRule == PairsPerBatchRule.Fixed)
            run.Batches.PairsPerBatch = plan.PairsPerBatch; // else a data set without unpaired rows would get batches of pairs alone

        Row[] rows =
        [
            .. training.PairsA.Zip(training.PairsB, (a, b) => new Row { A = a, B = b, IsPaired = true }),
            .. training.UnpairedA.Select(a => new Row { A = a }),
            .. training.UnpairedB.Select(b => new Row { B = b }),
        ];
        var view = new RowView(mlContext, training.PairsA[0].Length, training.PairsB[0].Length);
        return new Fitted(mlContext.Transforms.GentleClip(run).Fit(view.Of(rows)), view);
    }

    private sealed class Row
    {
        public float[]? A { get; init; }

        public float[]? B { get; init; }

        public bool IsPaired { get; init; }
    }

    private sealed class RowView(MLContext mlContext, int dimensionA, int dimensionB)
    {
        public IDataView Of(IEnumerable<Row> rows)
        {
            var schema = SchemaDefinition.Create(typeof(Row));
            schema[A].ColumnType = new VectorDataViewType(NumberDataViewType.Single, dimensionA);
            schema[B].ColumnType = new VectorDataViewType(NumberDataViewType.Single, dimensionB);
            return mlContext.Data.LoadFromEnumerable(rows, schema);
        }
    }

    private sealed class Fitted(GentleClipTransformer transformer, RowView view) : IFittedMethod
    {
        public int Steps => transformer.History is { Count: > 0 } history ? history[^1].Step : 0;

        public float[][] EmbedA(float[][] rows) => Embed(EmbeddingA, rows.Select(row => new Row { A = row }));

        public float[][] EmbedB(float[][] rows) => Embed(EmbeddingB, rows.Select(row => new Row { B = row }));

        public void Dispose() => transformer.Dispose();

        private float[][] Embed(string column, IEnumerable<Row> rows) => [.. transformer.Transform(view.Of(rows)).GetColumn<float[]>(column)];
    }
}
