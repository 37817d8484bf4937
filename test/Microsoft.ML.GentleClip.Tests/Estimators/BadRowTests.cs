using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>Rows that cannot be trained on: the message names row, column and slot.</summary>
[TestClass]
public sealed class BadRowTests
{
    private readonly MLContext _mlContext = new(seed: 1);
    private readonly GentleClipOptions _options = TwoViews.Options(steps: 2);

    [TestMethod]
    [DataRow("A", "B")]
    [DataRow("B", "A")]
    public void APairThatLacksASide(string missing, string present)
    {
        var rows = TwoViews.Pairs(10, seed: 1);
        Set(rows[7], missing, null);
        _options.PairedColumnName = "IsPaired";
        AssertRefused(rows, $"Row 7: column 'IsPaired' says it is a matched pair, but column '{missing}' is missing; expected both sides.");

        // Every slot NaN is missing as well, and so is a row without any side.
        Set(rows[7], missing, AllNaN(missing));
        AssertRefused(rows, $"Row 7: column 'IsPaired' says it is a matched pair, but column '{missing}' is missing");
        Set(rows[7], present, null);
        AssertRefused(rows, "Row 7: column 'IsPaired' says it is a matched pair, but column 'A' is missing");

        rows[7].IsPaired = false;
        using var model = Fit(rows);
        Assert.IsNotNull(model);
    }

    [TestMethod]
    [DataRow("A", 0, float.PositiveInfinity, "Infinity")]
    [DataRow("A", 11, float.NegativeInfinity, "-Infinity")]
    [DataRow("B", 8, float.NaN, "NaN")]
    [DataRow("B", 3, float.PositiveInfinity, "Infinity")]
    public void ASlotThatIsNotFinite(string column, int slot, float value, string text)
    {
        var rows = TwoViews.Mixed(10, 5, 5);
        var row = column == "A" ? 12 : 17;
        (column == "A" ? rows[row].A! : rows[row].B!)[slot] = value;
        AssertRefused(rows,
            $"Row {row}, column '{column}': slot {slot} is {text}; expected finite numbers within the range of Single, or NaN in every slot for a sample "
                + $"that is absent.");
    }

    private sealed class DoubleRow
    {
        [VectorType(2)]
        public double[] A { get; set; } = [];

        public float B { get; set; }
    }

    [TestMethod]
    public void ADoubleTooLargeForSingleAndAnInfiniteScalar()
    {
        _options.ModalityB = Modality.Vector("EmbeddingB", "B");
        var rows = Enumerable.Range(0, 6).Select(i => new DoubleRow { A = [i, i * i], B = i }).ToList();
        rows[4].A[1] = 1e39;
        AssertRefused(rows, "Row 4, column 'A': slot 1 is 1E+39; expected finite numbers within the range of Single");
        rows[4].A[1] = 1;
        rows[5].B = float.NegativeInfinity;
        AssertRefused(rows, "Row 5, column 'B': slot 0 is -Infinity; expected finite numbers");
        rows[5].B = float.NaN;
        using var model = _mlContext.Transforms.GentleClip(_options).Fit(_mlContext.Data.LoadFromEnumerable(rows));
        Assert.IsNotNull(model);
    }

    [TestMethod]
    public void SparseVectorsHaveZerosInTheSlotsTheyLeaveOut()
    {
        var sparse = Enumerable.Range(0, 8).Select(i => new SparseRow
        {
            A = new VBuffer<float>(3, 1, [1f + i], [1]),
            B = i == 6 ? new VBuffer<float>(3, 1, [float.NaN], [2]) : new VBuffer<float>(3, 1, [2f - i], [2]),
        }).ToList();
        _options.ModalityB = Modality.Vector("EmbeddingB", "B");
        AssertRefused(sparse, "Row 6, column 'B': slot 2 is NaN");
        sparse[6].B = new VBuffer<float>(3, 0, [], []);
        using var model = _mlContext.Transforms.GentleClip(_options).Fit(_mlContext.Data.LoadFromEnumerable(sparse));
        Assert.IsTrue(Embeddings.Column(model.Transform(_mlContext.Data.LoadFromEnumerable(sparse)), "EmbeddingB").All(row => row.All(float.IsFinite)));
    }

    private sealed class SparseRow
    {
        [VectorType(3)]
        public VBuffer<float> A { get; set; }

        [VectorType(3)]
        public VBuffer<float> B { get; set; }
    }

    [TestMethod]
    public void NoRows()
    {
        AssertRefused<TwoViews.Row>([], "The training data have no rows.");
        _options.Validation.Fraction = 0.2;
        AssertRefused<TwoViews.Row>([], "The training data have no rows.");
    }

    [TestMethod]
    public void FewerThanTwoSamplesOfAModality()
    {
        AssertRefused(TwoViews.Mixed(0, 20, 0), "Column 'B' holds 0 samples in 20 rows; expected at least 2.");
        AssertRefused(TwoViews.Mixed(0, 1, 20), "Column 'A' holds 1 samples in 21 rows; expected at least 2.");
        AssertRefused(TwoViews.Mixed(1, 0, 20), "Column 'A' holds 1 samples in 21 rows; expected at least 2.");
        _options.Validation.Fraction = 0.2;
        AssertRefused(TwoViews.Mixed(1, 20, 0), "Column 'B' holds 1 samples in 21 rows; expected at least 2.");
    }

    [TestMethod]
    public void TooFewPairsAreRefusedWithWhatMakesThemAndWhatWasFound()
    {
        const string otherwise = " To bring only the modalities' distributions together, set AllowNoPairs; retrieval does not work then.";
        const string expected = "expected at least 2, as nothing else says which sample of A belongs to which of B. ";
        AssertRefused(TwoViews.Mixed(0, 20, 15), "The training data hold 0 matched pairs; " + expected
            + "A pair is a row in which neither 'A' nor 'B' is missing: of 35 rows 'A' is there in 20, 'B' in 15, both in 0." + otherwise);
        AssertRefused(TwoViews.Mixed(1, 20, 15), "The training data hold 1 matched pairs; " + expected
            + "A pair is a row in which neither 'A' nor 'B' is missing: of 36 rows 'A' is there in 21, 'B' in 16, both in 1." + otherwise);

        // A paired column that is false throughout.
        _options.PairedColumnName = "IsPaired";
        var rows = TwoViews.Pairs(20, seed: 1);
        rows.ForEach(row => row.IsPaired = false);
        AssertRefused(rows, "A pair is a row in which 'IsPaired' is true and neither 'A' nor 'B' is missing: "
            + "of 20 rows 'IsPaired' is true in 0, 'A' is there in 20, 'B' in 20, both in 20. If the 20 rows with both are pairs, correct 'IsPaired' or set "
                + "no PairedColumnName." + otherwise);

        // The way that the combined view comes about.
        var options = new GentleClipOptions { PairedColumnName = "IsPaired" };
        (options.ModalityA, options.ModalityB) = (Modality.Vector("EmbeddingA", "A"), Modality.Vector("EmbeddingB", "B"));
        var combined = _mlContext.Data.CombineModalities(null, Only(TwoViews.Mixed(0, 20, 0), "B"), Only(TwoViews.Mixed(0, 0, 15), "A"));
        var message = Assert.ThrowsExactly<InvalidOperationException>(() => _mlContext.Transforms.GentleClip(options).Fit(combined)).Message;
        Assert.Contains("of 35 rows 'IsPaired' is true in 0, 'A' is there in 20, 'B' in 15, both in 0." + otherwise, message);

        IDataView Only(List<TwoViews.Row> rows, string missing)
        {
            var view = _mlContext.Data.LoadFromEnumerable(rows);
            return _mlContext.Transforms.DropColumns(missing, "IsPaired").Fit(view).Transform(view);
        }
    }

    [TestMethod]
    [DataRow(GentleClipPreset.ClosedForm)]
    [DataRow(GentleClipPreset.SotAlign)]
    [DataRow(GentleClipPreset.Clip)]
    [DataRow(GentleClipPreset.SClip)]
    [DataRow(GentleClipPreset.Recommended)]
    [DataRow(GentleClipPreset.Paper)]
    [DataRow(GentleClipPreset.GentleSClip)]
    public void EveryPresetNeedsTwoPairs(GentleClipPreset preset)
    {
        var options = GentleClipOptions.FromPreset(preset);
        (options.ModalityA, options.ModalityB) = (Modality.Vector("EmbeddingA", "A"), Modality.Vector("EmbeddingB", "B"));
        foreach (var pairs in new[] { 0, 1 })
        {
            var data = _mlContext.Data.LoadFromEnumerable(TwoViews.Mixed(pairs, 20, 15));
            var message = Assert.ThrowsExactly<InvalidOperationException>(() => _mlContext.Transforms.GentleClip(options).Fit(data)).Message;
            Assert.Contains($"the training data hold {pairs}", message, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("expected at least 2", message);
            Assert.Contains($"of {35 + pairs} rows 'A' is there in {20 + pairs}, 'B' in {15 + pairs}, both in {pairs}.", message);
        }
    }

    [TestMethod]
    public void NoPairIsAllowedByAnOptionWithAWarningWhileALossLooksAtUnpairedSamples()
    {
        _options.AllowNoPairs = true;
        var log = new ContextLog(_mlContext);
        using (var model = Fit(TwoViews.Mixed(0, 20, 20)))
        {
            Assert.Contains(text => text.StartsWith("The training data hold no matched pair", StringComparison.Ordinal), log.Warnings);
            Assert.IsGreaterThan(0, model.History[^1].Losses["mmd"]);
        }
        log.Clear();
        using (Fit(TwoViews.Mixed(1, 20, 20)))
            Assert.Contains(text => text.StartsWith("The training data hold one matched pair", StringComparison.Ordinal), log.Warnings);
        log.Clear();
        using (Fit(TwoViews.Mixed(2, 20, 20)))
            Assert.IsEmpty(log.Warnings);

        // A paired column that is false throughout leaves no pair either.
        _options.PairedColumnName = "IsPaired";
        var rows = TwoViews.Pairs(20, seed: 1);
        rows.ForEach(row => row.IsPaired = false);
        using (Fit(rows))
            Assert.Contains(text => text.StartsWith("The training data hold no matched pair", StringComparison.Ordinal), log.Warnings);

        _options.Objectives = [new ContrastiveObjective(), new SelfSupervisedObjective()];
        AssertRefused(rows, "The training data hold 0 matched pairs and the losses on unpaired samples are off; expected at least 2 pairs.");
        rows[3].IsPaired = true;
        AssertRefused(rows, "The training data hold 1 matched pairs and the losses on unpaired samples are off; expected at least 2 pairs.");
    }

    [TestMethod]
    [DataRow(5, 0.7, 4)]
    [DataRow(3, 0.1, 2)]
    [DataRow(0, 0.1, 2)]
    public void AHoldOutThatLeavesTooFewPairs(int pairs, double fraction, int heldOut)
    {
        _options.Validation.Fraction = fraction;
        var count = pairs + 10;
        AssertRefused(TwoViews.Mixed(pairs, 10, 10),
            FormattableString.Invariant(
                $"Validation.Fraction {fraction} holds out {heldOut} of {pairs} matched pairs; expected at least 2 to be left to train on. ")
            + "Hold out fewer, or give Fit a validation set. A pair is a row in which neither 'A' nor 'B' is missing: "
            + $"of {pairs + 20} rows 'A' is there in {count}, 'B' in {count}, both in {pairs}.");
    }

    [TestMethod]
    public void BadValidationData()
    {
        var train = _mlContext.Data.LoadFromEnumerable(TwoViews.Mixed(10, 5, 5));
        var estimator = _mlContext.Transforms.GentleClip(_options);

        var few = TwoViews.Mixed(1, 10, 10);
        const string pair = "A pair is a row in which neither 'A' nor 'B' is missing: ";
        Assert.AreEqual($"The validation data hold 1 matched pairs; expected at least 2. {pair}of 21 rows 'A' is there in 11, 'B' in 11, both in 1.",
            Refused<InvalidOperationException>(few).Message);
        Assert.Contains("The validation data hold 0 matched pairs; expected at least 2. " + pair,
            Refused<InvalidOperationException>(TwoViews.Mixed(0, 10, 10)).Message);

        var notFinite = TwoViews.Pairs(5, seed: 3);
        notFinite[2].B![1] = float.NaN;
        Assert.Contains("Validation row 2, column 'B': slot 1 is NaN", Refused<InvalidOperationException>(notFinite).Message);

        var definition = SchemaDefinition.Create(typeof(TwoViews.Row));
        definition["B"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 4);
        var otherSize = TwoViews.Pairs(5, seed: 3);
        otherSize.ForEach(row => row.B = row.B![..4]);
        Assert.Contains("validation column 'B': expected Vector<Single, 9>, got Vector<Single, 4>",
            Refused<ArgumentOutOfRangeException>(otherSize, definition).Message);

        var missing = _mlContext.Transforms.DropColumns("A").Fit(train).Transform(train);
        Assert.Contains("Could not find input column 'A'", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => estimator.Fit(train, missing)).Message);

        TException Refused<TException>(List<TwoViews.Row> rows, SchemaDefinition? schema = null) where TException : Exception =>
            Assert.ThrowsExactly<TException>(() => estimator.Fit(train, _mlContext.Data.LoadFromEnumerable(rows, schema)));
    }

    [TestMethod]
    public void AnInitialModelOfAnotherShape()
    {
        var train = _mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(10, seed: 1));
        using var initial = _mlContext.Transforms.GentleClip(_options).Fit(train);

        _options.EmbeddingDimension = 8;
        AssertRefused("expected [8], found [16]");
        _options.EmbeddingDimension = 16;
        _options.ModalityA = Modality.Vector("EmbeddingA", "A", new VectorEncoderOptions { HiddenDimensions = [] });
        AssertRefused("tower_a.encoder.layers.0.weight: expected nothing, found [32, 12]");
        (_options.ModalityA, _options.ModalityB) = (Modality.Vector("X", "B", Hidden(32)), Modality.Vector("Y", "A", Hidden(32)));
        AssertRefused("tower_a.encoder.input_mean: expected [9], found [12]");

        void AssertRefused(string message)
        {
            var exception = Assert.ThrowsExactly<ArgumentException>(() => _mlContext.Transforms.GentleClip(_options).Fit(train, initial: initial));
            Assert.Contains("The initial model has another shape", exception.Message);
            Assert.Contains(message, exception.Message);
        }

        static VectorEncoderOptions Hidden(int width) => new() { HiddenDimensions = [width] };
    }

    [TestMethod]
    public void ADisposedInitialModelAndNoDataAtAll()
    {
        var train = _mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(10, seed: 1));
        var estimator = _mlContext.Transforms.GentleClip(_options);
        var initial = estimator.Fit(train);
        initial.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => estimator.Fit(train, initial: initial));
        Assert.ThrowsExactly<ArgumentNullException>(() => estimator.Fit(null!));
        Assert.ThrowsExactly<ArgumentNullException>(() => estimator.GetOutputSchema(null!));
    }

    [TestMethod]
    public void AValueThatBlowsTheLossUpStopsWithTermAndStep()
    {
        // Without standardisation such numbers overflow in the first layer's sums.
        _options.ModalityA = Modality.Vector("EmbeddingA", "A", new VectorEncoderOptions { Standardize = false, InputMasking = 0, HiddenDimensions = [8, 8] });
        var rows = TwoViews.Pairs(10, seed: 1);
        rows.ForEach(row => row.A = [.. row.A!.Select(value => MathF.CopySign(3e38f, value))]);
        var exception = Assert.ThrowsExactly<ArithmeticException>(() => Fit(rows));
        Assert.Contains("Training stopped at step 0: the loss term 'contrastive' is NaN", exception.Message);
    }

    private void AssertRefused<TRow>(List<TRow> rows, string message) where TRow : class
    {
        var exception = Assert.ThrowsExactly<InvalidOperationException>(
            () => _mlContext.Transforms.GentleClip(_options).Fit(_mlContext.Data.LoadFromEnumerable(rows)));
        Assert.Contains(message, exception.Message);
    }

    private GentleClipTransformer Fit(List<TwoViews.Row> rows) => _mlContext.Transforms.GentleClip(_options).Fit(_mlContext.Data.LoadFromEnumerable(rows));

    private static void Set(TwoViews.Row row, string column, float[]? value)
    {
        if (column == "A")
            row.A = value;
        else
            row.B = value;
    }

    private static float[] AllNaN(string column) => [.. Enumerable.Repeat(float.NaN, column == "A" ? TwoViews.DimensionA : TwoViews.DimensionB)];
}
