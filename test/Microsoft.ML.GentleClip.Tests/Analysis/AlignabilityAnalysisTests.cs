using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Analysis;

[TestClass]
public sealed class AlignabilityAnalysisTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    private sealed class Plain
    {
        [VectorType(3)]
        public float[]? X { get; set; }

        [VectorType(3)]
        public double[]? Y { get; set; }

        public float Number { get; set; }

        [VectorType]
        public float[] Variable { get; set; } = [1];

        public string Text { get; set; } = "";

        public bool Paired { get; set; }
    }

    [TestMethod]
    public void Agreeing_views_score_high_and_unrelated_ones_low_with_a_warning()
    {
        var rows = TwoViews.Mixed(60, 400, 300);
        var agreeing = Analyze(rows);
        Assert.IsGreaterThan(0.4, agreeing.LinearCka!.Value);
        Assert.IsGreaterThan(0.4, agreeing.KernelCka!.Value);
        Assert.AreEqual(1 / 200.0, agreeing.PairingPValue!.Value, 1e-12);
        Assert.IsGreaterThan(2 * agreeing.ChanceNeighbourOverlap!.Value, agreeing.NeighbourOverlap!.Value);
        Assert.IsNotNull(agreeing.Expectation);
        Assert.IsEmpty(agreeing.Warnings, string.Join('\n', agreeing.Warnings));
        Assert.AreEqual((60L, 60, 400L, 300L), (agreeing.PairCount, agreeing.SampledPairCount, agreeing.A.UnpairedRowCount, agreeing.B.UnpairedRowCount));
        var a = agreeing.A;
        Assert.AreEqual((TwoViews.DimensionA, 460L, 460, 0, 0), (a.Dimension, a.RowCount, a.SampledRowCount, a.ConstantSlotCount, a.DuplicateRowCount));
        Assert.IsTrue(agreeing.A.EffectiveDimension is > 1.5 and < 5, "four latent directions and a little noise");

        var other = TwoViews.Pairs(60, 77);
        for (var i = 0; i < 60; i++)
            rows[i].B = other[i].B;
        var unrelated = Analyze(rows);
        Assert.AreEqual(0, unrelated.LinearCka!.Value, 0.12);
        Assert.AreEqual(0, unrelated.KernelCka!.Value, 0.12);
        Assert.IsGreaterThan(0.05, unrelated.PairingPValue!.Value);
        Assert.IsNull(unrelated.Expectation);
        StringAssert.Contains(unrelated.Warnings.Single(), "unrelated");
    }

    [TestMethod]
    public void Cka_is_that_of_the_formula_and_unbiased_where_the_plain_one_is_near_one()
    {
        // Song et al. (2012), equation 5, with kernels whose diagonals are set to zero.
        var rows = TwoViews.Pairs(9, 3);
        double[,] k = Products([.. rows.Select(row => row.A!)]), l = Products([.. rows.Select(row => row.B!)]);
        Assert.AreEqual(Hsic(k, l) / Math.Sqrt(Hsic(k, k) * Hsic(l, l)), Analyze(rows).LinearCka!.Value, 1e-6);

        // Gaussian rows with more slots than pairs have a plain CKA of about a half and more; the mean of the debiased one over draws is 0.
        var values = Enumerable.Range(0, 60).Select(seed => Analyze(Independent(8, seed)).LinearCka!.Value).ToArray();
        Assert.AreEqual(0, values.Average(), 4 * Math.Sqrt(values.Average(value => value * value) / values.Length));

        static double[,] Products(float[][] rows)
        {
            var mean = rows[0].Select((_, slot) => rows.Average(row => (double)row[slot])).ToArray();
            var products = new double[rows.Length, rows.Length];
            for (var i = 0; i < rows.Length; i++)
                for (var j = 0; j < rows.Length; j++)
                    products[i, j] = i == j ? 0 : rows[i].Select((value, slot) => (value - mean[slot]) * (rows[j][slot] - mean[slot])).Sum();
            return products;
        }

        static double Hsic(double[,] k, double[,] l)
        {
            var n = k.GetLength(0);
            double trace = 0, sumK = 0, sumL = 0, both = 0;
            for (var i = 0; i < n; i++)
                for (var j = 0; j < n; j++)
                {
                    trace += k[i, j] * l[i, j];
                    sumK += k[i, j];
                    sumL += l[i, j];
                    for (var m = 0; m < n; m++)
                        both += k[i, j] * l[j, m];
                }
            return (trace + sumK * sumL / (n - 1) / (n - 2) - 2 * both / (n - 2)) / n / (n - 3);
        }
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void Too_few_pairs_give_nulls_and_a_warning(int pairs)
    {
        var analysis = Analyze(TwoViews.Mixed(pairs, 200, 200));
        double?[] measured = [analysis.LinearCka, analysis.KernelCka, analysis.PairingPValue, analysis.NeighbourOverlap, analysis.ChanceNeighbourOverlap];
        Assert.IsTrue(Array.TrueForAll(measured, figure => figure is null));
        Assert.IsNull(analysis.Expectation);
        StringAssert.StartsWith(analysis.Warnings[0], $"{pairs} pair{(pairs == 1 ? "" : "s")}:");
        Assert.IsNotNull(analysis.A.EffectiveDimension);
        AssertNoNaN(analysis);
    }

    [TestMethod]
    public void Constant_slots_and_sides_and_duplicates_are_named()
    {
        var rows = TwoViews.Mixed(30, 250, 250);
        foreach (var row in rows)
            if (row.A is { } a)
                (a[2], a[5]) = (7, 0);
        for (var i = 1; i <= 20; i++)
            rows[^i].B = rows[^21].B;
        var analysis = Analyze(rows);
        Assert.AreEqual((2, 0), (analysis.A.ConstantSlotCount, analysis.B.ConstantSlotCount));
        Assert.AreEqual((0, 20), (analysis.A.DuplicateRowCount, analysis.B.DuplicateRowCount));
        Assert.HasCount(2, analysis.Warnings);
        StringAssert.Contains(analysis.Warnings[0], "'A' has 2 of 12 slots");
        StringAssert.Contains(analysis.Warnings[1], "'B' has 20 duplicates");

        foreach (var row in rows)
            row.A = row.A is null ? null : [.. Enumerable.Repeat(0.1f, TwoViews.DimensionA)];
        var constant = Analyze(rows);
        double?[] measured = [constant.LinearCka, constant.PairingPValue, constant.A.EffectiveDimension, constant.A.Hubness];
        Assert.IsTrue(Array.TrueForAll(measured, figure => figure is null));
        StringAssert.Contains(constant.Warnings[0], "All rows of 'A' are equal");
        AssertNoNaN(constant);
    }

    [TestMethod]
    public void Class_shares_are_of_the_unpaired_rows()
    {
        var rows = TwoViews.Mixed(30, 600, 600);
        var equal = Analyze(rows, label: "Cluster");
        Assert.HasCount(3, equal.ClassShares);
        Assert.AreEqual(1, equal.ClassShares.Sum(share => share.ShareA), 1e-12);
        Assert.IsLessThan(0.1, equal.ClassShareDistance!.Value);
        Assert.IsEmpty(equal.Warnings);

        var skewed = rows.Where((row, i) => row.IsPaired || row.A is null || row.Cluster != 1 || i % 10 == 0).ToList();
        var analysis = Analyze(skewed, label: "Cluster");
        var (unpairedA, unpairedB) = (skewed.Where(row => row.B is null).ToList(), skewed.Where(row => row.A is null).ToList());
        var expected = Enumerable.Range(0, 3).Sum(c => Math.Abs(Share(unpairedA, c) - Share(unpairedB, c))) / 2;
        Assert.AreEqual(expected, analysis.ClassShareDistance!.Value, 1e-12);
        Assert.IsGreaterThan(0.2, expected);
        StringAssert.Contains(analysis.Warnings.Single(), "shares");
        StringAssert.Contains(analysis.ToString(), "class shares differ by");

        static double Share(List<TwoViews.Row> rows, int cluster) => rows.Count(row => row.Cluster == cluster) / (double)rows.Count;
    }

    [TestMethod]
    public void Few_rows_and_unequal_pools_are_warned_of()
    {
        var analysis = Analyze(TwoViews.Mixed(10, 700, 80));
        Assert.HasCount(3, analysis.Warnings);
        StringAssert.Contains(analysis.Warnings[0], "10 pairs");
        StringAssert.Contains(analysis.Warnings[1], "'B' has 80 unpaired rows");
        StringAssert.Contains(analysis.Warnings[2], "Unequal pools");
    }

    [TestMethod]
    public void Long_views_are_sampled_by_the_seed()
    {
        var view = View(TwoViews.Mixed(1100, 1500, 50));
        var (one, same, other) = (Of(1), Of(1), Of(2));
        Assert.AreEqual((1000, 2000, 1150), (one.SampledPairCount, one.A.SampledRowCount, one.B.SampledRowCount));
        Assert.AreEqual((one.LinearCka, one.A.Hubness, one.PairingPValue), (same.LinearCka, same.A.Hubness, same.PairingPValue));
        Assert.AreNotEqual(one.LinearCka, other.LinearCka);
        Assert.AreEqual(one.LinearCka!.Value, other.LinearCka!.Value, 0.05);

        AlignabilityAnalysis Of(int seed) => _mlContext.GentleClip().AnalyzeAlignability(view, "A", "B", seed: seed);
    }

    [TestMethod]
    public void Pairs_are_those_of_the_paired_column_and_scales_do_not_matter()
    {
        var random = new Random(4);
        Plain[] rows = [.. Enumerable.Range(0, 40).Select(_ => new { A = random.NextSingle(), B = random.NextSingle(), C = random.NextSingle() })
            .Select((x, i) => new Plain { X = [x.A, x.B, x.C], Y = [1e150 * x.A, 1e150 * x.B, 1e150 * x.C], Number = x.A, Paired = i < 25 })];
        var analysis = _mlContext.GentleClip().AnalyzeAlignability(_mlContext.Data.LoadFromEnumerable(rows), "X", "Y", "Paired");
        Assert.AreEqual((25L, 15L, 15L), (analysis.PairCount, analysis.A.UnpairedRowCount, analysis.B.UnpairedRowCount));
        Assert.AreEqual(1, analysis.LinearCka!.Value, 1e-6);
        Assert.AreEqual(1, analysis.KernelCka!.Value, 1e-6);
        Assert.AreEqual(1, analysis.NeighbourOverlap!.Value, 1e-12);
        Assert.AreEqual(1, _mlContext.GentleClip().AnalyzeAlignability(_mlContext.Data.LoadFromEnumerable(rows), "X", "Number").A.Dimension / 3.0, 1e-12);
    }

    [TestMethod]
    public void Wrong_input_is_refused_by_name()
    {
        Plain[] rows = [.. Enumerable.Range(0, 5).Select(i => new Plain { X = [i, 1, 2], Y = [1, i, 3], Text = $"{i}" })];
        Assert.Contains("'Z'", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Run("X", "Z")).Message);
        Assert.Contains("'Variable'", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Run("X", "Variable")).Message);
        Assert.Contains("'Text'", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Run("Text", "Y")).Message);
        Assert.Contains("'Text'", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Run("X", "Y", "Text")).Message);
        Assert.Contains("'X'", Assert.ThrowsExactly<ArgumentException>(() => Run("X", "X")).Message);
        Assert.Contains("'Nowhere'", Assert.ThrowsExactly<ArgumentException>(
            () => _mlContext.GentleClip().AnalyzeAlignability(View(rows), "X", "Y", labelColumnNameA: "Nowhere")).Message);

        rows[3].Y = [1, double.NaN, 3];
        var partly = Assert.ThrowsExactly<InvalidOperationException>(() => Run("X", "Y")).Message;
        Assert.Contains("Row 3", partly);
        Assert.Contains("slot 1", partly);
        rows[3].Y = [1, double.NaN, double.PositiveInfinity];
        Assert.Contains("slot 2", Assert.ThrowsExactly<InvalidOperationException>(() => Run("X", "Y")).Message);
        rows[3].Y = [double.NaN, double.NaN, double.NaN];
        Assert.AreEqual(4L, Run("X", "Y").PairCount);
        rows[3].Paired = true;
        Assert.Contains("Row 3", Assert.ThrowsExactly<InvalidOperationException>(() => Run("X", "Y", "Paired")).Message);
        foreach (var row in rows)
            row.X = null;
        Assert.Contains("'X'", Assert.ThrowsExactly<InvalidOperationException>(() => Run("X", "Y")).Message);

        AlignabilityAnalysis Run(string a, string b, string? paired = null) => _mlContext.GentleClip().AnalyzeAlignability(View(rows), a, b, paired);
    }

    private static List<TwoViews.Row> Independent(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => new TwoViews.Row
        {
            A = [.. Enumerable.Range(0, TwoViews.DimensionA).Select(_ => random.NextSingle())],
            B = [.. Enumerable.Range(0, TwoViews.DimensionB).Select(_ => random.NextSingle())],
        })];
    }

    private static void AssertNoNaN(AlignabilityAnalysis analysis) =>
        Assert.DoesNotContain("NaN", string.Create(CultureInfo.InvariantCulture,
            $"{analysis} {analysis.A.EffectiveDimension} {analysis.B.Hubness} {analysis.ClassShareDistance}"));

    private AlignabilityAnalysis Analyze(IEnumerable<TwoViews.Row> rows, string? label = null) =>
        _mlContext.GentleClip().AnalyzeAlignability(View(rows), "A", "B", labelColumnNameA: label);

    private IDataView View<T>(IEnumerable<T> rows) where T : class => _mlContext.Data.LoadFromEnumerable(rows);
}
