using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Evaluation;

[TestClass]
public sealed class RetrievalMetricsTests
{
    private static readonly MLContext Context = new(seed: 1);

    [TestMethod]
    public void A_hand_worked_case()
    {
        // Similarities (A down, B across), from unit vectors at the angles A = 0, 90, 180 and B = 10, 50, 170 degrees:
        //   A0: .98 .64 -.98   partner .98  -> rank 1      B0 (10):  .98 .17 -.98   partner .98 -> rank 1
        //   A1: .17 .77  .17   partner .77  -> rank 1      B1 (50):  .64 .77 -.64   partner .77 -> rank 1
        //   A2: -.98 -.64 .98  partner .98  -> rank 1      B2 (170): -.98 .17 .98   partner .98 -> rank 1
        var perfect = Evaluate(Angles(0, 90, 180), Angles(10, 50, 170));
        Assert.AreEqual((1.0, 1.0, 1.0), (perfect.RecallAt(1), perfect.MeanReciprocalRank, perfect.MedianRank));

        // A = 0, 40, 90 and B = 30, 5, 80 degrees, so that distances order the candidates:
        //   A0 (0):  30  5 80   partner 30 -> rank 2       B0 (30): 30 10 60   partner 30 -> rank 2
        //   A1 (40): 10 35 40   partner 35 -> rank 2       B1 (5):   5 35 85   partner 35 -> rank 2
        //   A2 (90): 60 85 10   partner 10 -> rank 1       B2 (80): 80 40 10   partner 10 -> rank 1
        var mixed = Evaluate(Angles(0, 40, 90), Angles(30, 5, 80), 2);
        Assert.AreEqual(1 / 3.0, mixed.AToB.RecallAt(1), 1e-12);
        Assert.AreEqual(1 / 3.0, mixed.BToA.RecallAt(1), 1e-12);
        Assert.AreEqual(1.0, mixed.RecallAt(2));
        Assert.AreEqual((0.5 + 0.5 + 1) / 3, mixed.MeanReciprocalRank, 1e-12);
        Assert.AreEqual(2.0, mixed.MedianRank);
        Assert.AreSequenceEqual([2], mixed.K);
    }

    [TestMethod]
    public void Directions_are_told_apart()
    {
        // A = 0, 20, 180 and B = 25, 200, 181 degrees apart:
        //   A0:  25 160 179 -> rank 1      B0:  25   5 155 -> rank 2
        //   A1:   5 180 161 -> rank 3      B1: 160 180  20 -> rank 3
        //   A2: 155  20   1 -> rank 1      B2: 179 161   1 -> rank 1
        var metrics = Evaluate(Angles(0, 20, 180), Angles(25, 200, 181));
        Assert.AreEqual(2 / 3.0, metrics.AToB.RecallAt(1), 1e-12);
        Assert.AreEqual(1 / 3.0, metrics.BToA.RecallAt(1), 1e-12);
        Assert.AreEqual((1 + 1 / 3.0 + 1) / 3, metrics.AToB.MeanReciprocalRank, 1e-12);
        Assert.AreEqual((0.5 + 1 / 3.0 + 1) / 3, metrics.BToA.MeanReciprocalRank, 1e-12);
        Assert.AreEqual((1.0, 2.0, 1.5), (metrics.AToB.MedianRank, metrics.BToA.MedianRank, metrics.MedianRank));
        Assert.AreEqual(0.5, metrics.RecallAt(1), 1e-12);
    }

    [TestMethod]
    [DataRow(2)]
    [DataRow(7)]
    [DataRow(100)]
    public void Embeddings_that_are_all_the_same_score_what_guessing_scores(int rows)
    {
        var constant = Enumerable.Repeat(new[] { 0.3f, -0.7f, 0.2f }, rows).ToArray();
        foreach (var metrics in new[] { Evaluate(constant, constant), Evaluate(constant, Random(rows, 3)), Evaluate(Random(rows, 3), constant),
            Evaluate(Zeros(rows), Zeros(rows)) })
        {
            // A constant side makes its own candidates all alike; as queries its rows share one ranking, in which each partner has another place.
            foreach (var k in new[] { 1, 3, rows, 2 * rows })
                Assert.AreEqual(Math.Min(1, k / (double)rows), metrics.RecallAt(k), 1e-12, $"k = {k}");
            Assert.AreEqual((rows + 1) / 2.0, metrics.MedianRank, 1e-12);
            Assert.AreEqual(Enumerable.Range(1, rows).Sum(n => 1.0 / n) / rows, metrics.MeanReciprocalRank, 1e-12);
            Assert.AreEqual(metrics.ChanceRecallAt(3), metrics.RecallAt(3), 1e-12);
        }
    }

    [TestMethod]
    public void Ties_share_their_places()
    {
        // A0 finds B0, B1 and B2 equally similar and B3 less so: places 1 to 3 with equal probability.
        var metrics = Evaluate([[1, 0], [1, 0], [1, 0], [0, 1]], [[1, 0], [1, 0], [1, 0], [0, 1]]);
        Assert.AreEqual((3 * (1 / 3.0) + 1) / 4, metrics.RecallAt(1), 1e-12);
        Assert.AreEqual((3 * (2 / 3.0) + 1) / 4, metrics.RecallAt(2), 1e-12);
        Assert.AreEqual(1.0, metrics.RecallAt(3), 1e-12);
        Assert.AreEqual(2.0, metrics.MedianRank, "Ranks 2, 2, 2 and 1.");
        Assert.AreEqual((3 * ((1 + 1 / 2.0 + 1 / 3.0) / 3) + 1) / 4, metrics.MeanReciprocalRank, 1e-12);
    }

    [TestMethod]
    public void Expected_values_agree_with_breaking_ties_at_random()
    {
        var random = new Random(11);
        var (a, b) = (Lattice(random, 60), Lattice(random, 60));
        var metrics = Evaluate(a, b);
        double recall = 0, reciprocal = 0;
        const int Draws = 4000;
        for (var draw = 0; draw < Draws; draw++)
            for (var i = 0; i < a.Length; i++)
            {
                var similarities = b.Select(candidate => candidate[0] * a[i][0] + candidate[1] * a[i][1]).ToArray();
                var rank = 1 + similarities.Count(s => s > similarities[i]) + random.Next(similarities.Count(s => s == similarities[i]));
                recall += rank <= 10 ? 1 : 0;
                reciprocal += 1.0 / rank;
            }
        Assert.AreEqual(recall / Draws / a.Length, metrics.AToB.RecallAt(10), 5e-3);
        Assert.AreEqual(reciprocal / Draws / a.Length, metrics.AToB.MeanReciprocalRank, 5e-3);

        static float[][] Lattice(Random random, int rows) =>
            [.. Enumerable.Range(0, rows).Select(_ => random.Next(4))
                .Select(turn => new float[] { turn == 0 ? 1 : turn == 2 ? -1 : 0, turn == 1 ? 1 : turn == 3 ? -1 : 0 })];
    }

    [TestMethod]
    public void Rows_of_a_view_that_lack_a_side_are_skipped_and_counted()
    {
        var data = Context.Data.LoadFromEnumerable(new Row[]
        {
            new() { A = [1, 0], B = [1, 0] },
            new() { A = [float.NaN, float.NaN], B = [1, 0] },
            new() { A = [0, 1], B = [0, 2] },
            new() { A = [1, 1], B = [float.NaN, 1] },
            new() { A = null!, B = [1, 0] },
        });
        var metrics = Operations.Catalog.EvaluateRetrieval(data, "A", "B");
        Assert.AreEqual((2, 3L), (metrics.Count, metrics.SkippedRowCount));
        Assert.AreEqual(1.0, metrics.RecallAt(1));
        Assert.AreSequenceEqual([1, 5, 10], metrics.K);
        Assert.AreEqual(0.5, metrics.ChanceRecallAt(1));
    }

    [TestMethod]
    public void A_view_and_matrices_give_the_same_whatever_the_row_count_says()
    {
        var random = new Random(2);
        var rows = Enumerable.Range(0, 300)
            .Select(_ => new Row { A = [(float)random.NextDouble(), (float)random.NextDouble()], B = [(float)random.NextDouble(), (float)random.NextDouble()] })
                .ToArray();
        var view = Context.Data.LoadFromEnumerable(rows);
        var expected = Evaluate([.. rows.Select(row => row.A)], [.. rows.Select(row => row.B)]).ToString();
        Assert.AreEqual(expected, Operations.Catalog.EvaluateRetrieval(view, "A", "B").ToString());
        Assert.AreEqual(expected, Operations.Catalog.EvaluateRetrieval(Context.Data.FilterRowsByMissingValues(view, "A"), "A", "B").ToString());
    }

    [TestMethod]
    public void A_column_against_itself_is_perfect()
    {
        var rows = Angles([.. Enumerable.Range(0, 100).Select(i => i * 3.6)]).Select(a => new Row { A = a, B = [1, 0] });
        var metrics = Operations.Catalog.EvaluateRetrieval(Context.Data.LoadFromEnumerable(rows), "A", "A");
        Assert.AreEqual((1.0, 1.0), (metrics.RecallAt(1), metrics.MedianRank));
    }

    [TestMethod]
    public void Angles_below_the_resolution_of_single_precision_are_ties_not_hits()
    {
        // The cosine of 0.00001 degrees is 1 - 1.5e-14, which is 1 in single precision.
        var close = Angles(0, 0.00001, 180);
        Assert.AreEqual((0.5 + 0.5 + 1) / 3, Evaluate(close, close).RecallAt(1), 1e-12);
    }

    [TestMethod]
    public void Sparse_buffers_are_read()
    {
        var schema = SchemaDefinition.Create(typeof(SparseRow));
        schema["A"].ColumnType = schema["B"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 4);
        var data = Context.Data.LoadFromEnumerable(new SparseRow[]
        {
            new() { A = new(4, 1, [2], [3]), B = new(4, [0, 0, 0, 1]) },
            new() { A = new(4, 1, [2], [0]), B = new(4, [1, 0, 0, 0]) },
        }, schema);
        Assert.AreEqual(1.0, Operations.Catalog.EvaluateRetrieval(data, "A", "B").RecallAt(1));
    }

    [TestMethod]
    public void No_usable_row_is_an_error_that_says_why()
    {
        var data = Context.Data.LoadFromEnumerable(new Row[] { new() { A = [1, 2], B = [float.NaN, 0] }, new() { A = [float.NaN, 0], B = [float.NaN, 0] } });
        Assert.Contains("of 2 rows, 1 lack 'A' and 2 lack 'B'",
            Assert.ThrowsExactly<InvalidOperationException>(() => Operations.Catalog.EvaluateRetrieval(data, "A", "B")).Message);
        Assert.Contains("of 0 rows", Assert.ThrowsExactly<InvalidOperationException>(() => RetrievalMetrics.Evaluate([], [], 0, 3)).Message);
    }

    [TestMethod]
    public void Infinite_values_are_named_by_column_row_and_slot()
    {
        var data = Context.Data.LoadFromEnumerable(new Row[] { new() { A = [1, 2], B = [1, 2] }, new() { A = [1, 2], B = [3, float.NegativeInfinity] } });
        Assert.Contains("The embedding 'B' of row 1 is -Infinity in slot 1",
            Assert.ThrowsExactly<InvalidOperationException>(() => Operations.Catalog.EvaluateRetrieval(data, "A", "B")).Message);
    }

    [TestMethod]
    public void Wrong_columns_are_named_with_what_was_expected_and_found()
    {
        var data = Context.Data.LoadFromEnumerable(new OddRow[] { new() });
        Assert.Contains("no embedding column 'C'. Columns: A, Wide, Doubles, Text, Variable", Message("A", "C"));
        Assert.Contains("'A' has 2 dimensions and 'Wide' has 3", Message("A", "Wide"));
        Assert.Contains("'Doubles' must be a vector of Single of known size, but is Vector<Double, 2>", Message("A", "Doubles"));
        Assert.Contains("'Text' must be a vector of Single of known size, but is String", Message("Text", "A"));
        Assert.Contains("'Variable' must be a vector of Single of known size, but is Vector<Single>", Message("A", "Variable"));
        Assert.ThrowsExactly<ArgumentNullException>(() => Operations.Catalog.EvaluateRetrieval(null!, "A", "B"));

        string Message(string a, string b) => Assert.ThrowsExactly<ArgumentException>(() => Operations.Catalog.EvaluateRetrieval(data, a, b)).Message;
    }

    [TestMethod]
    public void Wrong_arguments_are_refused()
    {
        float[] four = [1, 2, 3, 4];
        Assert.Contains("2 x 2 = 4 values", Assert.ThrowsExactly<ArgumentException>(() => RetrievalMetrics.Evaluate(four, four.AsSpan(1), 2, 2)).Message);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => RetrievalMetrics.Evaluate(four, four, 2, 2, 1, 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => RetrievalMetrics.Evaluate(four, four, 2, 0));
        var metrics = RetrievalMetrics.Evaluate(four, four, 2, 2);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => metrics.RecallAt(0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => metrics.ChanceRecallAt(0));
    }

    [TestMethod]
    public void The_text_is_a_table()
    {
        var text = RetrievalMetrics.Evaluate([1, 0, 1, 0, 0, 1, float.NaN, 0], [1, 0, 1, 0, 0, 1, 0, 1], 4, 2, 1, 2).ToString();
        Assert.AreEqual(
            """
            Retrieval over 3 pairs (1 rows without both embeddings skipped)
                            A to B    B to A      mean    chance
            Recall@1        0.6667    0.6667    0.6667    0.3333
            Recall@2        1.0000    1.0000    1.0000    0.6667
            MRR             0.8333    0.8333    0.8333    0.6111
            Median rank        1.5       1.5       1.5       2.0
            """.ReplaceLineEndings(), text);
    }

    private static RetrievalMetrics Evaluate(float[][] a, float[][] b, params int[] k) =>
        RetrievalMetrics.Evaluate([.. a.SelectMany(row => row)], [.. b.SelectMany(row => row)], a.Length, a[0].Length, k);

    private static float[][] Angles(params double[] degrees) =>
        [.. degrees.Select(angle => new[] { (float)Math.Cos(angle * Math.PI / 180), (float)Math.Sin(angle * Math.PI / 180) })];

    private static float[][] Random(int rows, int dimension)
    {
        var random = new Random(rows);
        return [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, dimension).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray())];
    }

    private static float[][] Zeros(int rows) => [.. Enumerable.Range(0, rows).Select(_ => new float[3])];

    private sealed class Row
    {
        [VectorType(2)]
        public float[] A { get; set; } = [];

        [VectorType(2)]
        public float[] B { get; set; } = [];
    }

    private sealed class SparseRow
    {
        public VBuffer<float> A { get; set; }

        public VBuffer<float> B { get; set; }
    }

    private sealed class OddRow
    {
        [VectorType(2)]
        public float[] A { get; set; } = [1, 2];

        [VectorType(3)]
        public float[] Wide { get; set; } = [1, 2, 3];

        [VectorType(2)]
        public double[] Doubles { get; set; } = [1, 2];

        public string Text { get; set; } = "";

        public float[] Variable { get; set; } = [1, 2];
    }
}
