using System.Diagnostics;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>
/// Data that are degenerate, tiny, huge or few, through every preset and every role of the closed form, validated: a training ends with
/// finite weights and finite unit embeddings, or with an error that names the cause.
/// </summary>
[TestClass]
public sealed class NumericExtremesTests
{
    private const string NoRelation = "No closed form for columns 'A' (side A) and 'B' (side B): The closed-form alignment finds no relation in the";
    private const string EqualSide = "No closed form for columns 'A' (side A) and 'B' (side B): The closed-form alignment cannot use side";

    private static readonly MLContext MlContext = new(seed: 1);

    public NumericExtremesTests() => set_num_threads(1);

    /// <summary>How rows are spoilt. The number of pairs among them, and what the closed form may say of them.</summary>
    private sealed record Spoiling(Action<List<TwoViews.Row>> Spoil, int Pairs = 12, string? Refusal = null);

    private static readonly Dictionary<string, Spoiling> Spoilings = new()
    {
        ["constant columns"] = new(rows => Each(rows, (a, b) => (a[0], a[1], a[2], b[0], b[1]) = (0, 1e6f, -1e30f, 3, 1e-30f))),
        ["A does not vary"] = new(rows => Each(rows, (a, _) => Array.Fill(a, 2.5f)), Refusal: EqualSide),
        ["B does not vary"] = new(rows => Each(rows, (_, b) => Array.Clear(b)), Refusal: EqualSide),
        ["nothing varies"] = new(rows => Each(rows, (a, b) => { Array.Fill(a, -7e20f); Array.Fill(b, 1e-20f); }), Refusal: EqualSide),
        ["the pairs do not vary"] = new(rows => rows.Where(row => row.IsPaired).ToList().ForEach(row => { Array.Fill(row.A!, 1); Array.Fill(row.B!, -1); }),
            Refusal: NoRelation),
        ["three rows over and over"] = new(rows => Repeat(rows, 3)),
        ["two rows over and over"] = new(rows => Repeat(rows, 2)),
        ["an outlier of 1e30 among the pairs"] = new(rows => rows[0].A![3] = 1e30f, Refusal: NoRelation),
        ["an unpaired outlier of -1e30"] = new(rows => rows.Last(row => row.B is not null && row.A is null).B![2] = -1e30f, Refusal: NoRelation),
        ["an unpaired outlier of 1e5"] = new(rows => rows.Last(row => row.B is not null && row.A is null).B![2] = 1e5f),
        ["both sides at 1e-30"] = new(rows => Scale(rows, 1e-30f, 1e-30f)),
        ["both sides at 1e30"] = new(rows => Scale(rows, 1e30f, 1e30f)),
        ["A at 1e-30, B at 1e30"] = new(rows => Scale(rows, 1e-30f, 1e30f)),
        ["A below the normal numbers"] = new(rows => Scale(rows, 1e-42f, 1)),
        ["columns of every size"] =
            new(rows => Each(rows, (a, b) => { for (var i = 0; i < b.Length; i++) { a[i] *= MathF.Pow(10, 8 * i - 30); b[i] *= MathF.Pow(10, 30 - 8 * i); } })),
        ["a far-off centre"] = new(rows => Each(rows, (a, b) => { for (var i = 0; i < b.Length; i++) { a[i] += 1e6f; b[i] -= 1e8f; } })),
        ["values near the largest"] =
            new(
                rows =>
                    Each(rows, (a, b) => { for (var i = 0; i < b.Length; i++) { a[i] = MathF.CopySign(1.5e38f, a[i]); b[i] = MathF.CopySign(1e38f, b[i]); } })),
        ["two pairs"] = new(_ => { }, Pairs: 2),
        ["one pair"] = new(_ => { }, Pairs: 1, Refusal: "The closed form is fitted on matched pairs, and the training data hold 1; expected at least 2."),
        ["no pair"] = new(_ => { }, Pairs: 0, Refusal: "The closed form is fitted on matched pairs, and the training data hold 0; expected at least 2."),
    };

    private static readonly ClosedFormOptions Everything = new()
    {
        Role = ClosedFormRole.BesideTowers,
        Method = ClosedFormMethod.SelfTraining,
        SelfTraining = ClosedFormPart.On,
        Spectral = ClosedFormPart.On,
        Smoothing = true,
    };

    private static readonly WeightRamp Early = new() { Start = 0, End = 0.1 };

    private static readonly Dictionary<string, Action<GentleClipOptions>> Trainings = Enum.GetValues<GentleClipPreset>()
        .ToDictionary(preset => preset.ToString(), _ => (Action<GentleClipOptions>)(_ => { }))
        .Concat(new Dictionary<string, Action<GentleClipOptions>>
        {
            ["closed form beside towers"] = options => options.ClosedForm = new ClosedFormOptions { Role = ClosedFormRole.BesideTowers },
            ["closed form of all parts"] = options => options.ClosedForm = Everything with { Role = ClosedFormRole.Alone },
            ["closed form of all parts beside towers"] = options => options.ClosedForm = Everything,
            ["teacher of all parts"] = options => (options.ClosedForm, options.Objectives) =
                (Everything with { Role = ClosedFormRole.Teacher }, options.Objectives.With(new KlotObjective())),
            ["every loss"] = options => options.Objectives =
            [
                .. options.Objectives.With<ContrastiveObjective>(contrastive => contrastive with { UnpairedNegatives = UnpairedSides.Both }),
                new CentroidObjective(), new SinkhornObjective(), new PseudoLabelObjective { Weight = 1, Ramp = Early },
                new TransportPairObjective { Ramp = Early },
            ],
            ["guarded"] = options => options.Validation.GuardUnpairedObjectives = true,
            ["not standardised"] = options => (options.ModalityA, options.ModalityB) = (Plain("A", "EmbeddingA"), Plain("B", "EmbeddingB")),
        }).ToDictionary();

    public static IEnumerable<object[]> Names => Spoilings.Keys.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void EveryTrainingEndsFiniteOrNamesTheCause(string name)
    {
        var spoiling = Spoilings[name];
        var train = Rows(spoiling, seed: 1);
        var validation = Rows(spoiling with { Pairs = 6 }, seed: 2);
        var problems = new List<string>();
        foreach (var (training, change) in Trainings)
        {
            var clock = Stopwatch.StartNew();
            string outcome;
            try
            {
                using var model = MlContext.Transforms.GentleClip(Options(training, change)).Fit(Load(train), Load(validation));
                outcome = (model.History.Any(epoch => epoch.Validation is null) ? "an epoch without validation" : Problems(model, train)) is { } problem
                    ? $"PROBLEM {problem}" : "finite";
            }
            catch (Exception exception)
            {
                outcome = (IsExpected(exception, spoiling, training) ? "refused: " : "PROBLEM ") + exception.GetType().Name + " "
                    + exception.Message.Split('\n')[0];
            }
            Console.WriteLine($"{training}: {outcome} ({clock.ElapsedMilliseconds} ms)");
            if (outcome.StartsWith("PROBLEM", StringComparison.Ordinal))
                problems.Add($"{training}: {outcome}");
        }
        Assert.IsEmpty(problems, string.Join('\n', problems));
    }

    private static bool IsExpected(Exception exception, Spoiling spoiling, string training) => exception switch
    {
        InvalidOperationException when spoiling.Refusal is { } refusal && exception.Message.Contains(refusal, StringComparison.Ordinal) =>
            NeedsClosedForm(training),
        InvalidOperationException => spoiling.Pairs < 2
            && exception.Message.Contains($"The training data hold {spoiling.Pairs} matched pairs and the losses on unpaired samples are off",
                StringComparison.Ordinal),
        ArithmeticException => training == "not standardised"
            && exception.Message.Contains("look for extreme values in the input columns", StringComparison.Ordinal),
        _ => false,
    };

    private static bool NeedsClosedForm(string training) =>
        training is nameof(GentleClipPreset.ClosedForm) or nameof(GentleClipPreset.SotAlign)
        || training.StartsWith("closed form", StringComparison.Ordinal) || training.StartsWith("teacher", StringComparison.Ordinal);

    // Null where weights, history and the embeddings of the rows are as they must be.
    private static string? Problems(GentleClipTransformer model, List<TwoViews.Row> rows)
    {
        using var scope = NewDisposeScope();
        foreach (var (weight, value) in model.Model.state_dict().Concat(model.Model.ClosedForm?.GetState() ?? new Dictionary<string, Tensor>()))
            if (value.is_floating_point() && !value.isfinite().all().item<bool>())
                return $"weight {weight} is not finite";
        foreach (var epoch in model.History)
        {
            if (epoch.Losses.FirstOrDefault(loss => !double.IsFinite(loss.Value)) is { Key: not null } loss)
                return $"loss {loss.Key} is {loss.Value}";
            if (epoch.Validation is not (null or { MeanReciprocalRank: > 0 and <= 1 }))
                return $"validation is {epoch.Validation}";
        }
        var view = model.Transform(Load(rows));
        foreach (var (column, present) in new[] { ("EmbeddingA", rows.ConvertAll(row => row.A is not null)),
            ("EmbeddingB", rows.ConvertAll(row => row.B is not null)) })
        {
            var embeddings = Embeddings.Column(view, column);
            for (var i = 0; i < rows.Count; i++)
            {
                var length = embeddings[i].Sum(x => (double)x * x);
                if (present[i] ? !(Math.Abs(length - 1) < 1e-4) : !embeddings[i].All(float.IsNaN))
                    return $"{column} of row {i}, which is {(present[i] ? "there" : "absent")}, has squared length {length}";
            }
        }
        return null;
    }

    [TestMethod]
    [DataRow(GentleClipPreset.Recommended)]
    [DataRow(GentleClipPreset.ClosedForm)]
    [DataRow(GentleClipPreset.SClip)]
    public void AMillionUnpairedRowsBesideTenPairsStayBounded(GentleClipPreset preset)
    {
        const int unpaired = 1_000_000;
        var options = Options(preset.ToString(), _ => { });
        (options.ModalityA, options.ModalityB) = (Modality.Vector("EmbeddingA", "A"), Modality.Vector("EmbeddingB", "B"));
        if (options.ClosedForm is { } closedForm)
            options.ClosedForm = closedForm with { MaximumUnpairedRows = 1000 }; // time grows with its square
        GC.Collect();
        NativeHeap.Trim();
        var held = Environment.WorkingSet;
        var most = held;
        options.Progress = new DirectProgress(_ => most = Math.Max(most, Environment.WorkingSet));
        var clock = Stopwatch.StartNew();
        using var model = MlContext.Transforms.GentleClip(options).Fit(MlContext.Data.LoadFromEnumerable(Million(unpaired)));
        Console.WriteLine($"{preset}: {clock.Elapsed.TotalSeconds:F1} s, {(most - held) >> 20} MB above the start");
        Assert.IsNull(Problems(model, TwoViews.Pairs(10, seed: 5).ConvertAll(row => new TwoViews.Row { A = row.A, B = row.B })));
        // The rows themselves take 48 + 36 bytes each, half of them on either side: 42 MB.
        Assert.IsLessThan(400L << 20, most - held);
        Assert.IsLessThan(TimeSpan.FromMinutes(2), clock.Elapsed);
    }

    // Ten pairs, then as many unpaired rows, half of each side, made as they are read.
    private static IEnumerable<TwoViews.Row> Million(int unpaired)
    {
        foreach (var row in TwoViews.Pairs(10, seed: 1))
            yield return row;
        var pattern = TwoViews.Pairs(997, seed: 2);
        var (a, b) = (new float[TwoViews.DimensionA], new float[TwoViews.DimensionB]);
        for (var i = 0; i < unpaired; i++)
        {
            var like = pattern[i % pattern.Count];
            for (var k = 0; k < a.Length; k++)
                a[k] = like.A![k] + i * 1e-6f;
            for (var k = 0; k < b.Length; k++)
                b[k] = like.B![k] - i * 1e-6f;
            yield return i % 2 == 0 ? new TwoViews.Row { A = a } : new TwoViews.Row { B = b };
        }
    }

    private static GentleClipOptions Options(string training, Action<GentleClipOptions> change)
    {
        var options = Enum.TryParse<GentleClipPreset>(training, out var preset) ? GentleClipOptions.FromPreset(preset)
            : new GentleClipOptions { ClosedForm = null };
        var encoder = new VectorEncoderOptions { HiddenDimensions = [16], Dropout = 0.1, InputNoise = 0.1 };
        (options.ModalityA, options.ModalityB) = (Modality.Vector("EmbeddingA", "A", encoder), Modality.Vector("EmbeddingB", "B", encoder));
        (options.EmbeddingDimension, options.Batches.Size, options.MaximumNumberOfSteps, options.Optimizer.LearningRate) = (12, 16, 4, 1e-2);
        (options.Batches.PairsPerBatch, options.NumberOfThreads, options.Seed, options.AllowNoPairs) = (null, 1, 3, true);
        change(options);
        return options;
    }

    private static VectorModality Plain(string input, string output) =>
        (VectorModality)Modality.Vector(output, input, new VectorEncoderOptions { Standardize = false, HiddenDimensions = [8, 8] });

    private static List<TwoViews.Row> Rows(Spoiling spoiling, int seed)
    {
        var rows = TwoViews.Mixed(spoiling.Pairs, 14, 13, seed);
        spoiling.Spoil(rows);
        return rows;
    }

    private static IDataView Load(List<TwoViews.Row> rows) => MlContext.Data.LoadFromEnumerable(rows);

    private static void Each(List<TwoViews.Row> rows, Action<float[], float[]> change) =>
        rows.ForEach(row => change(row.A ?? new float[TwoViews.DimensionA], row.B ?? new float[TwoViews.DimensionB]));

    private static void Scale(List<TwoViews.Row> rows, float a, float b) => Each(rows, (x, y) =>
    {
        for (var i = 0; i < x.Length; i++)
            x[i] *= a;
        for (var i = 0; i < y.Length; i++)
            y[i] *= b;
    });

    private static void Repeat(List<TwoViews.Row> rows, int different)
    {
        var first = rows.Take(different).Select(row => (row.A!, row.B!)).ToArray();
        for (var i = 0; i < rows.Count; i++)
            (rows[i].A, rows[i].B) = (rows[i].A is null ? null : first[i % different].Item1, rows[i].B is null ? null : first[i % different].Item2);
    }
}
