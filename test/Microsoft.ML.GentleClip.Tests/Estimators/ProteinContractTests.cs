using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

/// <summary>Protein modalities in ML.NET's contract: schemas, absent sides, engines, rows that cannot be used.</summary>
[TestClass]
public sealed class ProteinContractTests
{
    private const string Text = "expected String (text)";
    private const string Coordinates = "expected Vector<Single> or Vector<Double>, of variable size or of three slots a residue";

    private readonly MLContext _mlContext = new(seed: 1);

    public ProteinContractTests() => TorchSharp.torch.set_num_threads(1);

    [TestMethod]
    [DataRow(null)]
    [DataRow("Sequence")]
    public void SequencesAndStructures(string? sequenceColumn)
    {
        var data = View(Proteins.Mixed(10, 6, 5));
        var name = With(data, _mlContext.Transforms.CopyColumns("Sequence", "IsPaired"));
        EstimatorContract.Check(_mlContext.Transforms.GentleClip(Proteins.Options(sequenceColumn: sequenceColumn)), _mlContext, data,
            sequenceColumn is null ? WrongInput.MissingSide(Without(data, "Sequence"), "Sequence") : WrongInput.Missing(Without(data, "Sequence"), "Sequence"),
            WrongInput.MissingSide(Without(data, "AlphaCarbons"), "AlphaCarbons"),
            new(name, "Sequence", Text, "Boolean", "Boolean"),
            new(With(data, _mlContext.Transforms.CopyColumns("Sequence", "AlphaCarbons")), "Sequence", Text, "Vector<Single>", "VarVector<Single>"),
            new(With(data, _mlContext.Transforms.CopyColumns("AlphaCarbons", "IsPaired")), "AlphaCarbons", Coordinates, "Boolean", "Boolean"),
            new(Typed(new VectorDataViewType(NumberDataViewType.Int32)), "AlphaCarbons", Coordinates, "Vector<Int32>", "VarVector<Int32>"));
    }

    private sealed class IntegerRow
    {
        public string Sequence { get; set; } = "LAG";

        public int[] AlphaCarbons { get; set; } = [1, 2, 3];
    }

    private sealed class TwoTexts
    {
        public string Sequence { get; set; } = "";

        public string Types { get; set; } = "";

        [VectorType(36)]
        public double[]? Carbons { get; set; }

        [VectorType(3)]
        public float[]? Features { get; set; }
    }

    [TestMethod]
    public void AStructureOfKnownSizeWithASequenceBesideFeatures()
    {
        var rows = Proteins.Pieces(20, 16).Select((row, i) => new TwoTexts
        {
            Types = i % 3 == 0 ? "" : row.Sequence![..12],
            Carbons = i % 5 == 4 ? null : [.. row.AlphaCarbons!.Take(36).Select(x => (double)x)],
            Features = i % 7 == 6 ? null : [row.Sequence!.Count(c => c == 'A'), row.Sequence!.Count(c => c == 'L'), i],
        }).ToList();
        var data = _mlContext.Data.LoadFromEnumerable(rows);
        var options = Proteins.Options();
        options.ModalityA = Modality.Vector("FeatureEmbedding", "Features");
        options.ModalityB = Modality.ProteinStructure("StructureEmbedding", "Carbons", "Types", Proteins.SmallStructure);
        options.TrainingRows = TrainingRows.WithB;
        EstimatorContract.Check(_mlContext.Transforms.GentleClip(options), _mlContext, data,
            WrongInput.Missing(Without(data, "Types"), "Types"),
            new(With(data, _mlContext.Transforms.CopyColumns("Types", "Features")), "Types", Text, "Vector<Single, 3>", "Vector<Single>"),
            new(With(data, _mlContext.Transforms.Concatenate("Carbons", "Carbons", "Carbons"), _mlContext.Transforms.CopyColumns("Carbons", "Types")),
                "Carbons", Coordinates, "String", "String"));
        Assert.Contains($"column 'Carbons': {Coordinates}, got Vector<Double, 35>", Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            _mlContext.Transforms.GentleClip(options).Fit(Sized(rows, 35))).Message);
    }

    [TestMethod]
    public void SequencesBesideFeatures()
    {
        var data = With(View(Proteins.Mixed(12, 6, 0)), _mlContext.Transforms.Text.FeaturizeText("Features", "Sequence"));
        var options = Proteins.Options();
        options.ModalityA = Modality.Vector("FeatureEmbedding", "Features");
        options.ModalityB = Modality.ProteinSequence("SequenceEmbedding", "Sequence", Proteins.SmallSequence);
        EstimatorContract.Check(_mlContext.Transforms.GentleClip(options), _mlContext, data, WrongInput.MissingSide(Without(data, "Sequence"), "Sequence"));
    }

    [TestMethod]
    public void AbsentAndUnusableSidesBecomeNaN()
    {
        using var model = Fit(Proteins.Options(sequenceColumn: "Sequence"), Proteins.Pieces(12, 14));
        var rows = Proteins.Pieces(8, 12, first: 100);
        rows[1].Sequence = null; // the types are unknown, the structure is there
        rows[2].Sequence = " ";
        rows[3].AlphaCarbons = null;
        rows[4].AlphaCarbons = [.. Enumerable.Repeat(float.NaN, 36)];
        rows[5].AlphaCarbons![4] = float.NaN;
        rows[6].AlphaCarbons = rows[6].AlphaCarbons![..^1];
        rows[7].Sequence += "?";
        var scored = model.Transform(View(rows));
        AssertPresent([0, 3, 4, 5, 6], Embeddings.Column(scored, "SequenceEmbedding"));
        AssertPresent([0, 1, 2], Embeddings.Column(scored, "StructureEmbedding"));

        // Only the structure's column is asked for, then only the sequence's.
        AssertPresent([0, 1, 2], Embeddings.Column(Without(scored, "SequenceEmbedding"), "StructureEmbedding"));
    }

    [TestMethod]
    public void RowsThatCannotBeUsedAreNamed()
    {
        AssertRefused(row => row.AlphaCarbons![4] = float.NaN,
            "Row 7, column 'AlphaCarbons': slot 4 is NaN; expected finite numbers within the range of Single, or NaN in every slot for a sample that "
                + "is absent.");
        AssertRefused(row => row.AlphaCarbons = row.AlphaCarbons![..32],
            "Row 7, column 'AlphaCarbons': the vector has 32 slots; expected three for each alpha carbon, a multiple of 3.");
        AssertRefused(row => row.AlphaCarbons = row.AlphaCarbons![..30],
            "Row 7, column 'AlphaCarbons': there are 10 alpha carbons, but column 'Sequence' has 12 letters; expected as many, or none.");
        AssertRefused(row => row.Sequence = "LAG*" + row.Sequence![4..],
            "Row 7, column 'Sequence': Character 4 of the sequence is '*'; expected one of LAGVSERTIDPKQNFYMHWCXBUZO.-, <mask> or <unk>.");
        AssertRefused(row => row.Sequence = "", "Row 7: column 'IsPaired' says it is a matched pair, but column 'Sequence' is missing; expected both sides.");

        void AssertRefused(Action<Proteins.Row> spoil, string message)
        {
            var rows = Proteins.Pieces(12, 14);
            spoil(rows[7]);
            var options = Proteins.Options(sequenceColumn: "Sequence");
            options.PairedColumnName = "IsPaired";
            Assert.AreEqual(message, Assert.ThrowsExactly<InvalidOperationException>(() => Fit(options, rows)).Message);
        }
    }

    [TestMethod]
    [DataRow(TrainingRows.WithA, 16)]
    [DataRow(TrainingRows.WithB, 15)]
    [DataRow(TrainingRows.WithBoth, 10)]
    public void TheNextEstimatorSeesTheRowsThatWereChosen(TrainingRows rows, int expected)
    {
        var options = Proteins.Options();
        options.TrainingRows = rows;
        var counter = new RowCounter(_mlContext, "Sequence");
        using var model = (IDisposable)_mlContext.Transforms.GentleClip(options).Append(counter).Fit(View(Proteins.Mixed(10, 6, 5)));
        Assert.HasCount(expected, counter.Fitted);
    }

    private sealed class Scored
    {
        public float[] SequenceEmbedding { get; set; } = [];

        public float[] StructureEmbedding { get; set; } = [];
    }

    [TestMethod]
    public void APredictionEngineGivesWhatTransformGives()
    {
        using var model = Fit(Proteins.Options(sequenceColumn: "Sequence"), Proteins.Pieces(12, 14));
        var rows = Proteins.Pieces(12, 30, first: 50).Concat(Proteins.Chains(3)).ToList();
        rows[4].Sequence = null;
        rows[5].AlphaCarbons = null;
        var scored = model.Transform(View(rows));
        var (sequences, structures) = (Embeddings.Column(scored, "SequenceEmbedding"), Embeddings.Column(scored, "StructureEmbedding"));
        using var engine = _mlContext.Model.CreatePredictionEngine<Proteins.Row, Scored>(model, new PredictionEngineOptions { OwnsTransformer = false });
        for (var i = 0; i < rows.Count; i++)
        {
            var prediction = engine.Predict(rows[i]);
            AssertNear(sequences[i], prediction.SequenceEmbedding);
            AssertNear(structures[i], prediction.StructureEmbedding);
        }
    }

    private static void AssertNear(float[] expected, float[] actual)
    {
        for (var i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], actual[i], 1e-5f);
    }

    private static void AssertPresent(int[] expected, float[][] embeddings)
    {
        foreach (var embedding in embeddings)
            Assert.IsTrue(Array.TrueForAll(embedding, float.IsNaN) || Math.Abs(Embeddings.Dot(embedding, embedding) - 1) < 1e-4);
        CollectionAssert.AreEqual(expected, Enumerable.Range(0, embeddings.Length).Where(i => !float.IsNaN(embeddings[i][0])).ToArray());
    }

    private GentleClipTransformer Fit(GentleClipOptions options, List<Proteins.Row> rows) => _mlContext.Transforms.GentleClip(options).Fit(View(rows));

    private IDataView View(List<Proteins.Row> rows) => _mlContext.Data.LoadFromEnumerable(rows);

    private IDataView Typed(DataViewType type)
    {
        var definition = SchemaDefinition.Create(typeof(IntegerRow));
        definition["AlphaCarbons"].ColumnType = type;
        return _mlContext.Data.LoadFromEnumerable([new IntegerRow(), new IntegerRow()], definition);
    }

    private IDataView Sized(List<TwoTexts> rows, int size)
    {
        var definition = SchemaDefinition.Create(typeof(TwoTexts));
        definition["Carbons"].ColumnType = new VectorDataViewType(NumberDataViewType.Double, size);
        return _mlContext.Data.LoadFromEnumerable(rows, definition);
    }

    private IDataView Without(IDataView data, string column) => _mlContext.Transforms.DropColumns(column).Fit(data).Transform(data);

    private static IDataView With(IDataView data, params IEstimator<ITransformer>[] estimators) =>
        estimators.Aggregate(data, (view, estimator) => estimator.Fit(view).Transform(view));
}
