using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;
using PretrainedSearch;

namespace Transfer;

/// <summary>How often a classifier that has seen the source's embeddings sorts the target's into the right class.</summary>
internal sealed class Study(TextWriter output, int steps, CancellationToken cancellation)
{
    private const string SourceEmbedding = "SourceEmbedding", TargetEmbedding = "TargetEmbedding";

    private readonly MLContext _mlContext = new(seed: 1);

    /// <summary>Measures every method, and writes a table.</summary>
    public void Run(TransferTask task, int seeds)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"\n{task.Title}: {task.Train.Length} samples, {task.Pairs} of them with both sides; {task.Test.Length} held out.\n"));
        output.WriteLine("| per cent | right |\n|---|---|");
        Line("guessing the largest class", [task.Test.CountBy(sample => sample.Label).Max(group => group.Value) / (double)task.Test.Length]);
        if (task.IsOneKind)
            Line("the source's classifier as it is", Each(seed => Raw(SourceRows(task, seed).Select(sample => (sample.Source, sample.Label)), Targets(task))));
        Line("the target by itself, labels of the pairs", Each(seed => Raw(Pairs(task, seed).Select(sample => (sample.Target, sample.Label)), Targets(task))));
        foreach (var method in Methods())
            Line(method.Title, Each(seed => Aligned(task, method, seed)));
        Line("the target by itself, all labels", [Raw(task.Train.Select(sample => (sample.Target, sample.Label)), Targets(task))]);
        Line("the source by itself, asked about the source",
            [Raw(task.Train.Select(sample => (sample.Source, sample.Label)), task.Test.Select(sample => (sample.Source, sample.Label)))]);

        double[] Each(Func<int, double> measure) => [.. Enumerable.Range(1, seeds).Select(measure)];
    }

    /// <summary>What is compared: towers with and without the losses on unpaired rows, and closed forms.</summary>
    private IEnumerable<Method> Methods()
    {
        yield return new("Clip on the pairs", () => Towers(), HasUnpaired: false);
        yield return new("the same and MMD on all rows", () => Towers(new MmdObjective()));
        yield return new("the same and SDD on all rows", () => Towers(new SddObjective()));
        yield return new("the same, MMD and SDD on all rows", () => Towers(new MmdObjective(), new SddObjective()));
        yield return new("MMD and SDD, Gaussian rows for the unpaired", () => Towers(new MmdObjective(), new SddObjective()), IsControl: true);
        foreach (var method in Method.All.Where(method => !method.Title.StartsWith("Clip", StringComparison.Ordinal)))
            yield return method;

        GentleClipOptions Towers(params Objective[] objectives)
        {
            var options = GentleClipOptions.FromPreset(GentleClipPreset.Clip);
            options.Objectives = [.. options.Objectives, .. objectives];
            options.MaximumNumberOfSteps = steps;
            return options;
        }
    }

    // The rows of a seed: pairs first, then sources, then targets.
    private static Sample[] Order(TransferTask task, int seed)
    {
        Sample[] order = [.. task.Train];
        new Random(seed).Shuffle(order);
        return order;
    }

    private static IEnumerable<Sample> Pairs(TransferTask task, int seed) => Order(task, seed).Take(task.Pairs);

    private static IEnumerable<Sample> SourceRows(TransferTask task, int seed) => Order(task, seed).Take(task.Pairs + (task.Train.Length - task.Pairs) / 2);

    private static IEnumerable<(float[], string)> Targets(TransferTask task) => task.Test.Select(sample => (sample.Target, sample.Label));

    private double Aligned(TransferTask task, Method method, int seed)
    {
        Sample[] order = Order(task, seed), sources = [.. SourceRows(task, seed)];
        float[] noSource = Missing(order[0].Source.Length), noTarget = Missing(order[0].Target.Length);
        var rows = (method.HasAllPairs ? order : order[..task.Pairs])
            .Select(sample => new TransferRow(sample.Source, sample.Target, sample.Label, true)).ToList();
        if (!method.HasAllPairs && method.HasUnpaired)
        {
            float[][] source = [.. sources[task.Pairs..].Select(sample => sample.Source)];
            float[][] target = [.. order[sources.Length..].Select(sample => sample.Target)];
            if (method.IsControl)
                (source, target) = (Gaussians.Like(source, seed), Gaussians.Like(target, seed + 1));
            rows.AddRange(source.Select(values => new TransferRow(values, noTarget, "", false)));
            rows.AddRange(target.Select(values => new TransferRow(noSource, values, "", false)));
        }
        var options = method.Options();
        options.ModalityA = Modality.Vector(SourceEmbedding, nameof(TransferRow.Source));
        options.ModalityB = Modality.Vector(TargetEmbedding, nameof(TransferRow.Target));
        options.PairedColumnName = nameof(TransferRow.IsPaired);
        options.NumberOfThreads = 1; // cores that others use as well collapse with more
        options.Seed = seed;
        options.CancellationToken = cancellation;
        using var model = _mlContext.Transforms.GentleClip(options).Fit(View(rows));
        var learnt = Embeddings(
            (method.HasAllPairs ? order : sources).Select(sample => new TransferRow(sample.Source, noTarget, sample.Label, false)), SourceEmbedding);
        return Raw(learnt, Embeddings(task.Test.Select(sample => new TransferRow(noSource, sample.Target, sample.Label, false)), TargetEmbedding));

        (float[], string)[] Embeddings(IEnumerable<TransferRow> asked, string column)
        {
            TransferRow[] all = [.. asked];
            return [.. model.Transform(View(all)).GetColumn<float[]>(column).Zip(all.Select(row => row.Label))];
        }
    }

    // Learns labels of vectors, and tells how many others get theirs.
    private double Raw(IEnumerable<(float[] Values, string Label)> learnt, IEnumerable<(float[] Values, string Label)> asked)
    {
        cancellation.ThrowIfCancellationRequested();
        var classifier = _mlContext.Transforms.Conversion.MapValueToKey(nameof(LabelledRow.Label))
            .Append(_mlContext.MulticlassClassification.Trainers.LbfgsMaximumEntropy()).Fit(View(learnt));
        return _mlContext.MulticlassClassification.Evaluate(classifier.Transform(View(asked))).MicroAccuracy;

        IDataView View(IEnumerable<(float[] Values, string Label)> rows)
        {
            LabelledRow[] all = [.. rows.Select(row => new LabelledRow(row.Values, row.Label))];
            var schema = SchemaDefinition.Create(typeof(LabelledRow));
            schema[nameof(LabelledRow.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, all[0].Features.Length);
            return _mlContext.Data.LoadFromEnumerable(all, schema);
        }
    }

    private IDataView View(IReadOnlyList<TransferRow> rows)
    {
        var schema = SchemaDefinition.Create(typeof(TransferRow));
        schema[nameof(TransferRow.Source)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, rows[0].Source.Length);
        schema[nameof(TransferRow.Target)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, rows[0].Target.Length);
        return _mlContext.Data.LoadFromEnumerable(rows, schema);
    }

    private static float[] Missing(int width) => [.. Enumerable.Repeat(float.NaN, width)];

    private void Line(string title, double[] values)
    {
        double mean = values.Average();
        string spread = values.Length == 1 ? "" : $" ± {Percent(Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1)))}";
        output.WriteLine($"| {title} | {Percent(mean)}{spread} |");
    }

    private static string Percent(double value) => (100 * value).ToString("f1", CultureInfo.InvariantCulture);

    private sealed record TransferRow(float[] Source, float[] Target, string Label, bool IsPaired);

    private sealed record LabelledRow(float[] Features, string Label);
}
