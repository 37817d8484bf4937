using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Evaluation;

[TestClass]
public sealed class MultiLabelMetricsTests
{
    private static readonly MLContext Context = new(seed: 1);

    [TestMethod]
    public void A_hand_worked_case_of_the_CAFA_definition()
    {
        // Three annotated proteins and one without annotation; labels u, v, w.
        //   1: true u, v   scores u .9  v .4  w .6
        //   2: true w      scores u .2  v .1  w .3
        //   3: true u      no scores
        //   4: none        scores u .95 v .8  w .7
        // t = .9: only protein 1 predicts, u: pr = 1, rc = (1/2 + 0 + 0) / 3 = 1/6; F = 2/7 = .2857
        // t = .4: protein 1 predicts u, w, v: pr = 2/3, rc = (1 + 0 + 0) / 3; F = 4/9 = .4444
        // t = .3: protein 2 predicts w as well: pr = (2/3 + 1) / 2 = 5/6, rc = (1 + 1 + 0) / 3 = 2/3; F = 20/27 = .7407
        // t = .2: protein 2: w right, u wrong: pr = (2/3 + 1/2) / 2 = 7/12, rc = 2/3; F = .6222
        var metrics = Operations.Catalog.EvaluateMultiLabel(
            View([.9f, .4f, .6f], [1, 1, 0], [.2f, .1f, .3f], [0, 0, 1], Missing(3), [1, 0, 0], [.95f, .8f, .7f], [0, 0, 0]));

        Assert.AreEqual((4, 3, 1), (metrics.Count, metrics.AnnotatedRowCount, metrics.UnscoredRowCount));
        Assert.AreEqual(20 / 27.0, metrics.FMax.FMax, 1e-12);
        Assert.AreEqual(5 / 6.0, metrics.FMax.Precision, 1e-12);
        Assert.AreEqual((2 / 3.0, 2 / 3.0), (metrics.FMax.Recall, metrics.FMax.Coverage));
        Assert.AreEqual(.3, metrics.FMax.Threshold, 1e-7);
        Assert.AreEqual(20 / 27.0, metrics.CafaFMax!.FMax, 1e-12);
        Assert.AreEqual(.3, metrics.CafaFMax.Threshold);
        // All pairs by score: .95 no, .9 yes (1/2), .8 no, .7 no, .6 no, .4 yes (2/6), .3 yes (3/7), .2, .1 no, then three at once, one yes (4/12).
        Assert.AreEqual((1 / 2.0 + 2 / 6.0 + 3 / 7.0 + 4 / 12.0) / 4, metrics.MicroAreaUnderPrecisionRecallCurve, 1e-12);
        // u: .95 no, .9 yes (1/2), .2 no, absent yes (2/4). v: .8 no, .4 yes (1/2). w: .7 no, .6 no, .3 yes (1/3).
        Assert.AreEqual(.5, metrics.LabelAreasUnderPrecisionRecallCurve[0], 1e-12);
        Assert.AreEqual((.5 + .5 + 1 / 3.0) / 3, metrics.MacroAreaUnderPrecisionRecallCurve, 1e-12);
        Assert.AreEqual(
            """
            3 labels over 4 rows, 3 with labels (1 rows without scores)
                                 value threshold precision    recall  coverage
            F-max               0.7407    0.3000    0.8333    0.6667    0.6667
            F-max (CAFA)        0.7407    0.3000    0.8333    0.6667    0.6667
            Micro AUPR          0.3988
            Macro AUPR          0.4444
            Chance AUPR         0.3333
            """.ReplaceLineEndings(), metrics.ToString());
    }

    [TestMethod]
    [DataRow(1, 20, 6, 1000)]
    [DataRow(2, 60, 11, 10)]
    [DataRow(3, 5, 1, 4)]
    [DataRow(4, 40, 30, 200)]
    public void Brute_force_agrees(int seed, int rows, int labels, int levels)
    {
        // Few levels make many ties; every seventh row has no scores, every fifth no labels.
        var random = new Random(seed);
        var scores = Enumerable.Range(0, rows)
            .Select(row => row % 7 == 6 ? Missing(labels) : [.. Enumerable.Range(0, labels).Select(_ => random.Next(levels + 1) / (float)levels)]).ToArray();
        var truth = Enumerable.Range(0, rows)
            .Select(row => Enumerable.Range(0, labels).Select(label => row % 5 != 4 && (random.Next(4) == 0 || label == row % labels) ? 1f : 0f).ToArray())
                .ToArray();
        var metrics = Operations.Catalog.EvaluateMultiLabel(View([.. scores.Zip(truth, (score, label) => new[] { score, label }).SelectMany(row => row)]));

        var distinct = scores.SelectMany(row => row).Where(score => score > 0).Distinct();
        Assert.AreEqual(distinct.Max(t => F(scores, truth, t)), metrics.FMax.FMax, 1e-9);
        Assert.AreEqual(F(scores, truth, (float)metrics.FMax.Threshold), metrics.FMax.FMax, 1e-9);
        Assert.AreEqual(Enumerable.Range(1, 100).Max(step => F(scores, truth, (float)(step / 100.0))), metrics.CafaFMax!.FMax, 1e-9);
        Assert.AreEqual(F(scores, truth, (float)metrics.CafaFMax.Threshold), metrics.CafaFMax.FMax, 1e-9);
        Assert.IsLessThanOrEqualTo(metrics.FMax.FMax + 1e-12, metrics.CafaFMax.FMax);
        Assert.AreEqual(AveragePrecision([.. scores.SelectMany(row => row)], [.. truth.SelectMany(row => row)]),
            metrics.MicroAreaUnderPrecisionRecallCurve, 1e-9);
        for (var label = 0; label < labels; label++)
        {
            float[] own = [.. truth.Select(row => row[label])];
            if (own.Sum() == 0)
                Assert.AreEqual(double.NaN, metrics.LabelAreasUnderPrecisionRecallCurve[label]);
            else
                Assert.AreEqual(AveragePrecision([.. scores.Select(row => row[label])], own),
                    metrics.LabelAreasUnderPrecisionRecallCurve[label], 1e-9, $"label {label}");
        }
    }

    [TestMethod]
    public void Scores_that_are_no_probabilities_have_no_CAFA_thresholds()
    {
        var metrics = Operations.Catalog.EvaluateMultiLabel(View([-3, 5], [0, 1], [2, -1], [1, 0]));
        Assert.IsNull(metrics.CafaFMax);
        Assert.AreEqual((1.0, 2.0), (metrics.FMax.FMax, metrics.FMax.Threshold));
        Assert.AreEqual(1.0, metrics.MicroAreaUnderPrecisionRecallCurve);
    }

    [TestMethod]
    public void A_score_equal_to_a_threshold_of_the_grid_reaches_it()
    {
        // 0.7 and 0.29 are below themselves once one of the two is rounded to single precision and the other is not.
        foreach (var score in new[] { .7f, .29f, .01f, 1f })
            Assert.AreEqual(score, Operations.Catalog.EvaluateMultiLabel(View([score, 0], [1, 0])).CafaFMax!.Threshold, 1e-6);
    }

    [TestMethod]
    public void Boolean_and_sparse_labels_and_slot_names_are_read()
    {
        var data = Context.Data.LoadFromEnumerable(
            new[] { new BooleanRow { Labels = [true, false], Score = [1, 0], Text = "b a" },
                new BooleanRow { Labels = [true, true], Score = [1, 1], Text = "a" } });
        Assert.AreEqual(1.0, Operations.Catalog.EvaluateMultiLabel(data, "Labels", "Score").FMax.FMax);

        // Bags of keys are vectors of counts with the labels as slot names.
        var bags = Context.Transforms.Text.TokenizeIntoWords("Text").Append(Context.Transforms.Conversion.MapValueToKey("Text"))
            .Append(Context.Transforms.Conversion.MapKeyToVector("Bag", "Text", outputCountVector: true)).Fit(data).Transform(data);
        var metrics = Operations.Catalog.EvaluateMultiLabel(bags, "Bag", "Score");
        Assert.AreSequenceEqual(["b", "a"], metrics.LabelNames);
        Assert.AreEqual(F([[1, 0], [1, 1]], [[1, 1], [0, 1]], 1), metrics.FMax.FMax, 1e-12);
    }

    [TestMethod]
    public void Wrong_inputs_are_named()
    {
        Assert.Contains("The score 'Probability' of row 1 is NaN in slot 0", Fails<InvalidOperationException>(View([1, 1], [1, 0], [float.NaN, 1], [1, 0])));
        Assert.Contains("The label '1' of row 0 in column 'Labels' is missing", Fails<InvalidOperationException>(View([1, 1], [1, float.NaN])));
        Assert.Contains("None of 1 rows has a label", Fails<InvalidOperationException>(View([1, 1], [0, 0])));
        Assert.Contains("None of 1 rows has scores", Fails<InvalidOperationException>(View(Missing(2), [0, 1])));
        Assert.Contains("'Probability' has 2 slots and 'Labels' has 3", Fails<ArgumentException>(View([1, 1], [0, 1, 1])));
        Assert.Contains("no label column 'C'",
            Assert.ThrowsExactly<ArgumentException>(() => Operations.Catalog.EvaluateMultiLabel(View([1], [1]), "C")).Message);
        Assert.Contains("Label column 'Text' must be a vector",
            Assert.ThrowsExactly<ArgumentException>(
                () => Operations.Catalog.EvaluateMultiLabel(Context.Data.LoadFromEnumerable(new BooleanRow[] { new() }), "Text", "Score")).Message);
        Assert.Throws<OperationCanceledException>(() => Operations.Catalog.EvaluateMultiLabel(View([1], [1]), cancellationToken: new(true)));

        static string Fails<T>(IDataView data) where T : Exception => Assert.ThrowsExactly<T>(() => Operations.Catalog.EvaluateMultiLabel(data)).Message;
    }

    /// <summary>F at a threshold, by the words of the definition.</summary>
    private static double F(float[][] scores, float[][] truth, float threshold)
    {
        var annotated = Enumerable.Range(0, scores.Length).Where(row => truth[row].Contains(1f)).ToList();
        var predictions = annotated.ToDictionary(row => row,
            row => Enumerable.Range(0, scores[row].Length).Where(label => scores[row][label] >= threshold).ToHashSet());
        var labels = annotated.ToDictionary(row => row, row => Enumerable.Range(0, truth[row].Length).Where(label => truth[row][label] > 0).ToHashSet());
        var predicting = annotated.Where(row => predictions[row].Count > 0).ToList();
        if (predicting.Count == 0)
            return 0;
        var precision = predicting.Average(row => (double)predictions[row].Intersect(labels[row]).Count() / predictions[row].Count);
        var recall = annotated.Average(row => (double)predictions[row].Intersect(labels[row]).Count() / labels[row].Count);
        return precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall);
    }

    /// <summary>The sum of (R_n - R_(n-1)) P_n over the distinct scores; what is missing comes last.</summary>
    private static double AveragePrecision(float[] scores, float[] truth)
    {
        float[] ranked = [.. scores.Select(score => float.IsNaN(score) ? float.NegativeInfinity : score)];
        double sum = 0, before = 0;
        foreach (var threshold in ranked.Distinct().OrderDescending())
        {
            var hits = ranked.Zip(truth).Count(one => one.First >= threshold && one.Second > 0);
            var recall = hits / (double)truth.Count(label => label > 0);
            sum += (recall - before) * hits / ranked.Count(score => score >= threshold);
            before = recall;
        }
        return sum;
    }

    private static float[] Missing(int labels) => [.. Enumerable.Repeat(float.NaN, labels)];

    /// <summary>Scores and labels of one row after another.</summary>
    private static IDataView View(params float[][] scoresAndLabels)
    {
        var schema = SchemaDefinition.Create(typeof(ScoredRow));
        schema["Probability"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, scoresAndLabels[0].Length);
        schema["Labels"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, scoresAndLabels[1].Length);
        return Context.Data.LoadFromEnumerable(scoresAndLabels.Chunk(2).Select(row => new ScoredRow { Probability = row[0], Labels = row[1] }).ToList(),
            schema);
    }

    private sealed class ScoredRow
    {
        public float[] Probability { get; set; } = [];

        public float[] Labels { get; set; } = [];
    }

    private sealed class BooleanRow
    {
        [VectorType(2)]
        public bool[] Labels { get; set; } = [true, true];

        [VectorType(2)]
        public float[] Score { get; set; } = [1, 1];

        public string Text { get; set; } = "";
    }
}
