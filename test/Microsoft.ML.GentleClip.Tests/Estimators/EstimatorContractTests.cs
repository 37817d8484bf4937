using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.Estimators;

[TestClass]
public sealed class EstimatorContractTests
{
    private const string Vectors = "expected Vector<Single> of known size (Double, integers and Boolean are converted), or scalar Single, Double or integer";

    private readonly MLContext _mlContext = new(seed: 1);

    [TestMethod]
    public void DefaultOptionsWithoutPairedColumn()
    {
        var data = View(TwoViews.Mixed(pairs: 20, unpairedA: 15, unpairedB: 12));
        EstimatorContract.Check(
            _mlContext.Transforms.GentleClip(new GentleClipOptions
            {
                ModalityA = Modality.Vector("EmbeddingA", "A"),
                ModalityB = Modality.Vector("EmbeddingB", "B"),
                MaximumNumberOfSteps = 5,
                NumberOfThreads = 1,
            }),
            _mlContext, data,
            WrongInput.MissingSide(Without(data, "A"), "A"),
            WrongInput.MissingSide(Without(data, "B"), "B"),
            new(Converted(data, "B", DataKind.String), "B", Vectors, "Vector<String, 9>", "Vector<String>"),
            new(Typed("A", new VectorDataViewType(NumberDataViewType.Single)), "A", Vectors, "Vector<Single> of variable size", "VarVector<Single>"),
            new(With(data, _mlContext.Transforms.CopyColumns("B", "Name")), "B", Vectors, "String", "String"),
            new(With(data, _mlContext.Transforms.CopyColumns("B", "IsPaired")), "B", Vectors, "Boolean", "Boolean"),
            new(With(data, _mlContext.Transforms.Conversion.MapValueToKey("A", "Cluster")), "A", Vectors, "Key<UInt32, 0-2>", "Key<UInt32>"),
            new(Typed("B", new VectorDataViewType(NumberDataViewType.Single, 7)), "B", "expected 9 features as in training", "Vector<Single, 7>",
                null)
            { ForTransformersAlone = true },
            new(With(data, _mlContext.Transforms.Conversion.ConvertType("B", "Cluster", DataKind.Single)), "B", "expected 9 features as in training", "Single",
                null)
            { ForTransformersAlone = true });
    }

    [TestMethod]
    public void DoubleVectorsOtherNamesPairedColumnAndNoHiddenLayer()
    {
        const string paired = "is it a pair?";
        var combined = _mlContext.Data.CombineModalities(
            View(TwoViews.Pairs(18, seed: 1)), Without(View(TwoViews.Pairs(10, seed: 2)), "B"), Without(View(TwoViews.Pairs(11, seed: 3)), "A"), paired);
        var data = Without(With(combined,
            _mlContext.Transforms.Conversion.ConvertType("sequence features", "A", DataKind.Double),
                _mlContext.Transforms.Conversion.ConvertType("B", outputKind: DataKind.Double)), "A");
        var linear = new VectorEncoderOptions { HiddenDimensions = [], Standardize = false };
        EstimatorContract.Check(
            _mlContext.Transforms.GentleClip(new GentleClipOptions
            {
                ModalityA = Modality.Vector("Sequence Embedding", "sequence features", linear),
                ModalityB = Modality.Vector("β", "B", linear),
                PairedColumnName = paired,
                EmbeddingDimension = 5,
                Batches = new() { Size = 16, PairsPerBatchRule = PairsPerBatchRule.Proportional },
                Objectives = new GentleClipOptions().Objectives.Without<SelfSupervisedObjective>(),
                TrainingRows = TrainingRows.WithBoth,
                MaximumNumberOfSteps = 5,
                NumberOfThreads = 1,
                Seed = 3,
            }),
            _mlContext, data,
            WrongInput.MissingSide(Without(data, "sequence features"), "sequence features"),
            WrongInput.Missing(Without(data, paired), paired) with { ForTrainingAlone = true },
            new(With(data, _mlContext.Transforms.CopyColumns(paired, "Name")), paired, "expected Boolean", "String", "String") { ForTrainingAlone = true },
            new(With(data, _mlContext.Transforms.Conversion.ConvertType(paired, outputKind: DataKind.Single)), paired, "expected Boolean", "Single",
                "Single")
            { ForTrainingAlone = true },
            new(With(data, _mlContext.Transforms.Concatenate("both", "B", "B"), _mlContext.Transforms.CopyColumns("B", "both")),
                "B", "expected 9 features as in training", "Vector<Double, 18>", null)
            { ForTransformersAlone = true });
    }

    private sealed class ScalarRow
    {
        public float Height { get; set; }

        public double Weight { get; set; }

        [VectorType(2, 2)]
        public float[]? Image { get; set; }
    }

    [TestMethod]
    public void ScalarColumnsOverwrittenByTheirEmbeddings()
    {
        var data = _mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, 30).Select(i => new ScalarRow
        {
            Height = i % 5 == 4 ? float.NaN : i,
            Weight = i % 5 == 3 ? double.NaN : 100 - i * i,
        }));
        var options = TwoViews.Options(steps: 4);
        options.ModalityA = Modality.Vector("Height", "Height");
        options.ModalityB = Modality.Vector("Height and Weight", "Weight");
        options.TrainingRows = TrainingRows.WithA;
        EstimatorContract.Check(
            _mlContext.Transforms.GentleClip(options), _mlContext, data,
            WrongInput.MissingSide(Without(data, "Weight"), "Weight"),
            new(Converted(data, "Height", DataKind.String), "Height", Vectors, "String", "String"),
            new(With(data, _mlContext.Transforms.Concatenate("Height", "Height", "Height")), "Height", "expected 1 features as in training",
                "Vector<Single, 2>", null)
            { ForTransformersAlone = true });
    }

    [TestMethod]
    public void TensorColumnSwappedNamesAndAPipelineAroundIt()
    {
        var random = new Random(4);
        var data = _mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, 20).Select(i => new ScalarRow
        {
            Height = i,
            Image = i % 4 == 0 ? null : [random.NextSingle(), random.NextSingle(), random.NextSingle(), random.NextSingle()],
        }).ToList());
        var options = TwoViews.Options(steps: 4);
        options.ModalityA = Modality.Vector("Height", "Image");
        options.ModalityB = Modality.Vector("Image", "Height");
        EstimatorContract.Check(
            _mlContext.Transforms.NormalizeMinMax("Height").Append(_mlContext.Transforms.GentleClip(options))
                .Append(_mlContext.Transforms.Concatenate("Both", "Height", "Image")),
            _mlContext, data);
    }

    private IDataView View(List<TwoViews.Row> rows) => _mlContext.Data.LoadFromEnumerable(rows);

    private IDataView Typed(string column, DataViewType type)
    {
        var definition = SchemaDefinition.Create(typeof(TwoViews.Row));
        definition[column].ColumnType = type;
        return _mlContext.Data.LoadFromEnumerable(TwoViews.Pairs(5, seed: 1), definition);
    }

    private IDataView Without(IDataView data, string column) => _mlContext.Transforms.DropColumns(column).Fit(data).Transform(data);

    private IDataView Converted(IDataView data, string column, DataKind kind) =>
        With(data, _mlContext.Transforms.Conversion.ConvertType(column, outputKind: kind));

    private static IDataView With(IDataView data, params IEstimator<ITransformer>[] estimators) =>
        estimators.Aggregate(data, (view, estimator) => estimator.Fit(view).Transform(view));
}
