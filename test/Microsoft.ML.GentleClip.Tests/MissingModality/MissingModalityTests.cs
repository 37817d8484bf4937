using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Estimators;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Microsoft.ML.GentleClip.Trainers;

namespace Microsoft.ML.GentleClip.Tests.MissingModality;

/// <summary>Whatever stands for a missing modality becomes a vector of NaNs, and only single slots are filled.</summary>
[TestClass]
public sealed class MissingModalityTests
{
    private readonly MLContext _mlContext = new(seed: 1);

    private sealed class Row
    {
        [VectorType(3)]
        public float[]? A { get; set; }

        [VectorType(2)]
        public double[]? B { get; set; }

        [VectorType(2)]
        public int[]? C { get; set; }

        public float[]? Free { get; set; }
    }

    private sealed class Marked
    {
        public float[] A { get; set; } = [];
    }

    private static readonly Row[] Rows =
    [
        new() { A = [1, 2, 3], B = [1, 2], C = [5, 6], Free = [1, 2] },
        new() { A = null, B = null, C = null, Free = null },
        new() { A = [], B = [], C = [], Free = [] },
        new() { A = [float.NaN, float.NaN, float.NaN], B = [double.NaN, double.NaN], C = [7, 8], Free = [float.NaN, float.NaN] },
        new() { A = [3, float.NaN, 5], B = [double.NaN, 6], C = [9, 10], Free = [float.NaN, 4] },
    ];

    private IDataView Data => _mlContext.Data.LoadFromEnumerable(Rows);

    [TestMethod]
    public void EveryKindOfAbsenceIsAVectorOfNaNs()
    {
        InputOutputColumnPair[] columns = [new("A"), new("B"), new("C"), new("Full", "Free")];
        var marked = Mark(_mlContext.Transforms.MarkMissingModality(columns, size: 2), Data, out var model);
        AssertColumn<float>(marked, "A", [1, 2, 3], null, null, null, [3, float.NaN, 5]);
        AssertColumn<double>(marked, "B", [1, 2], null, null, null, [double.NaN, 6]);
        AssertColumn<float>(marked, "C", [5, 6], null, null, [7, 8], [9, 10]);
        AssertColumn<float>(marked, "Full", [1, 2], null, null, null, [float.NaN, 4]);
        Assert.AreEqual("Vector<Single, 2>", marked.Schema["Full"].Type.ToString());
        // The columns of the input are still there, and rows can be mapped one by one.
        Assert.AreEqual("Vector<Single>", marked.Schema["Free"].Type.ToString());
        using var engine = _mlContext.Model.CreatePredictionEngine<Row, Marked>(model);
        Assert.AreSequenceEqual([float.NaN, float.NaN, float.NaN], engine.Predict(Rows[1]).A);
        Assert.AreSequenceEqual([1f, 2, 3], engine.Predict(Rows[0]).A);
    }

    [TestMethod]
    public void SingleSlotsGetTheMeanOfTheRowsThatHaveThem()
    {
        var log = new ContextLog(_mlContext);
        var marked = Mark(_mlContext.Transforms.MarkMissingModality([new("A"), new("B"), new("Free")], MissingSlotReplacement.Mean, size: 2), Data, out _);
        AssertColumn<float>(marked, "A", [1, 2, 3], null, null, null, [3, 2, 5]);
        AssertColumn<double>(marked, "B", [1, 2], null, null, null, [1, 6]);
        AssertColumn<float>(marked, "Free", [1, 2], null, null, null, [1, 4]);
        Assert.Contains("Column 'A': 3 of 5 rows are absent and stay so; 1 of the others lack 1 slots, which get the slots' means.",
            log.Texts(Microsoft.ML.Runtime.ChannelMessageKind.Info));
        Assert.IsEmpty(log.Warnings);

        // A slot that no row has.
        Mark(_mlContext.Transforms.MarkMissingModality("A", slotReplacement: MissingSlotReplacement.Mean),
            _mlContext.Data.LoadFromEnumerable(new Row[] { new() { A = [1, float.NaN, 2] } }), out _);
        StringAssert.StartsWith(log.Warnings.Single(), "Column 'A': of 1 rows, none has 1 of the slots (1).");
    }

    [TestMethod]
    public void OrAConstant()
    {
        var marked = Mark(_mlContext.Transforms.MarkMissingModality("X", "A", MissingSlotReplacement.Constant, -7), Data, out _);
        AssertColumn<float>(marked, "X", [1, 2, 3], null, null, null, [3, -7, 5]);
    }

    [TestMethod]
    public void SparseVectorsStaySparseAndZerosCount()
    {
        var rows = new[] { new VBuffer<float>(5, 2, [4, float.NaN], [1, 3]), new VBuffer<float>(5, 1, [2], [3]), new VBuffer<float>(5, 0, [], []) };
        var data = _mlContext.Data.LoadFromEnumerable(rows.Select(row => new SparseRow { A = row }));
        var marked = Mark(_mlContext.Transforms.MarkMissingModality("A", slotReplacement: MissingSlotReplacement.Mean), data, out _);
        var values = marked.GetColumn<VBuffer<float>>("A").Select(value => (value.IsDense, Slots: value.DenseValues().ToArray())).ToArray();
        Assert.IsFalse(values[0].IsDense);
        Assert.AreSequenceEqual([0f, 4, 0, 1, 0], values[0].Slots);
        Assert.AreSequenceEqual([0f, 0, 0, 2, 0], values[1].Slots);
        Assert.AreSequenceEqual([0f, 0, 0, 0, 0], values[2].Slots);
    }

    [TestMethod]
    public void TheAdviceForOneMissingSlotLeavesAbsentSidesAbsent()
    {
        // ReplaceMissingValues makes a pair of every row.
        var rows = TwoViews.Mixed(40, 100, 100);
        foreach (var row in rows)
            (row.A, row.B) = (row.A ?? Nothing(TwoViews.DimensionA), row.B ?? Nothing(TwoViews.DimensionB));
        rows[7].A![3] = float.NaN;
        var data = _mlContext.Data.LoadFromEnumerable(rows);
        var columns = new InputOutputColumnPair[] { new("A"), new("B") };
        Assert.AreEqual((240, 0, 0), Count(_mlContext.Transforms.ReplaceMissingValues(columns).Fit(data).Transform(data)));
        Assert.AreEqual((40, 100, 100), Count(_mlContext.Transforms.MarkMissingModality(columns, MissingSlotReplacement.Mean).Fit(data).Transform(data)));
        rows[8].B = null; // with null arrays too
        Assert.AreEqual((39, 101, 100), Count(_mlContext.Transforms.MarkMissingModality(columns, MissingSlotReplacement.Mean).Fit(data).Transform(data)));

        static float[] Nothing(int width) => [.. Enumerable.Repeat(float.NaN, width)];
    }

    [TestMethod]
    public void TheEstimatorKeepsWhatMLNetExpects()
    {
        var named = _mlContext.Transforms.Concatenate("Named", "A", "B").Fit(Pairs()).Transform(Pairs());
        EstimatorContract.Check(
            _mlContext.Transforms.MarkMissingModality([new("A"), new("Marked", "Named")], MissingSlotReplacement.Mean), _mlContext, named,
            WrongInput.Missing(_mlContext.Transforms.DropColumns("A").Fit(named).Transform(named), "A"),
            new WrongInput(With(named, "Name", "A"), "A", "a vector of numbers or Booleans", "String", "String"),
            new WrongInput(With(named, "IsPaired", "A"), "A", "a vector of numbers or Booleans", "Boolean", "Boolean"),
            new WrongInput(With(named, "B", "A"), "A", "12 slots as in training", "Vector<Single, 9>", null) { ForTransformersAlone = true });

        IDataView Pairs() => _mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(20, seed: 1));

        IDataView With(IDataView data, string from, string to) => _mlContext.Transforms.CopyColumns(to, from).Fit(data).Transform(data);
    }

    [TestMethod]
    public void AFreshProcessLoadsThePipelineAndGivesTheSameBits()
    {
        using var folder = new TemporaryFolder();
        var rows = TwoViews.Mixed(20, 20, 20);
        var train = _mlContext.Data.LoadFromEnumerable(rows);
        var model = _mlContext.Transforms.MarkMissingModality([new("A"), new("B")], MissingSlotReplacement.Mean)
            .Append(_mlContext.Transforms.NormalizeMeanVariance("A"))
            .Append(_mlContext.Transforms.GentleClip(TwoViews.Options(steps: 3)))
            .Fit(train);
        var (modelPath, rowsPath, outputPath) = (folder.File("model.zip"), folder.File("rows.idv"), folder.File("scored.idv"));
        _mlContext.Model.Save(model, train.Schema, modelPath);
        var given = _mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(15, seed: 9).Select((row, i) =>
        {
            row.A = i % 3 == 0 ? [.. Enumerable.Repeat(float.NaN, TwoViews.DimensionA)] : row.A;
            row.A![4] = i % 3 == 1 ? float.NaN : row.A[4];
            return row;
        }).ToList());
        using (var stream = File.Create(rowsPath))
            _mlContext.Data.SaveAsBinary(given, stream);

        var result = ChildProcess.Run(AppContext.BaseDirectory, ["score", modelPath, rowsPath, outputPath]);

        Assert.AreEqual(0, result.ExitCode, result.ToString());
        var expected = Embeddings.Column(model.Transform(given), "EmbeddingA");
        Assert.AreEqual(5, expected.Count(row => row.All(float.IsNaN)));
        foreach (var column in new[] { "A", "EmbeddingA" })
            Embeddings.AssertEqualBits(Embeddings.Bits(model.Transform(given), column), Embeddings.Bits(_mlContext.Data.LoadFromBinary(outputPath), column));
        (model as IDisposable)?.Dispose();
    }

    [TestMethod]
    public void AVectorOfAnotherLengthAndAnInfinityAreNamed()
    {
        var rows = new Row[] { new() { A = [1, 2, 3] }, new() { A = [1, 2] } };
        var data = _mlContext.Data.LoadFromEnumerable(rows);
        const string expected = "Row 1, column 'A': the vector has 2 slots; expected 3, as the column's type says, or none for a sample that is absent.";
        var without = _mlContext.Transforms.MarkMissingModality("A");
        Assert.AreEqual(expected, Assert.ThrowsExactly<InvalidOperationException>(() => Embeddings.Column(without.Fit(data).Transform(data), "A")).Message);
        var mean = _mlContext.Transforms.MarkMissingModality("A", slotReplacement: MissingSlotReplacement.Mean);
        Assert.AreEqual(expected, Assert.ThrowsExactly<InvalidOperationException>(() => mean.Fit(data)).Message);
        rows[1].A = [1, 2, float.PositiveInfinity];
        var infinite = Assert.ThrowsExactly<InvalidOperationException>(() => mean.Fit(data));
        StringAssert.StartsWith(infinite.Message, "Row 1, column 'A': slot 2 is Infinity; expected finite numbers");
    }

    [TestMethod]
    public void WrongArgumentsAreRefused()
    {
        var transforms = _mlContext.Transforms;
        Assert.ThrowsExactly<ArgumentException>(() => transforms.MarkMissingModality([]));
        Assert.ThrowsExactly<ArgumentException>(() => transforms.MarkMissingModality(" "));
        Assert.ThrowsExactly<ArgumentException>(() => transforms.MarkMissingModality([new("A"), new("A", "B")]));
        Assert.ThrowsExactly<ArgumentException>(() => transforms.MarkMissingModality("A", constant: 1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => transforms.MarkMissingModality("A", size: 0));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => transforms.MarkMissingModality("A", slotReplacement: MissingSlotReplacement.Constant, constant: double.NaN));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => transforms.MarkMissingModality("A", slotReplacement: (MissingSlotReplacement)9));
        Assert.Contains("of variable size where a size was given",
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => transforms.MarkMissingModality("Free").Fit(Data)).Message);
        Assert.Contains("4 slots, the size that was given",
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => transforms.MarkMissingModality("A", size: 4).Fit(Data)).Message);
    }

    private static (int, int, int) Count(IDataView data)
    {
        using var read = TrainingData.Read(data, TwoViews.Options(), () => { });
        return (read.PairCount, read.A.Unpaired.Count, read.B.Unpaired.Count);
    }

    private static IDataView Mark(MissingModalityEstimator estimator, IDataView data, out MissingModalityTransformer model)
    {
        model = estimator.Fit(data);
        return model.Transform(data);
    }

    // Null stands for a vector of NaNs.
    private static void AssertColumn<T>(IDataView data, string column, params T[]?[] expected)
    {
        var actual = data.GetColumn<T[]>(column).ToArray();
        Assert.HasCount(expected.Length, actual);
        var nothing = (T)Convert.ChangeType(double.NaN, typeof(T), System.Globalization.CultureInfo.InvariantCulture);
        for (var row = 0; row < expected.Length; row++)
            Assert.AreSequenceEqual(expected[row] ?? Enumerable.Repeat(nothing, expected[0]!.Length), actual[row], $"column {column}, row {row}");
    }

    private sealed class SparseRow
    {
        [VectorType(5)]
        public VBuffer<float> A { get; set; }
    }
}
