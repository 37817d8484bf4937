using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip;

namespace FineTuningStart;

/// <summary>One split of the digits, and what is pretrained on it.</summary>
internal sealed class World : IDisposable
{
    private const int Test = 500, PretrainingSteps = 200;

    private readonly Digits _digits;
    private readonly (string A, string B) _views;
    private readonly CancellationToken _cancellation;
    private readonly int _seed;
    private readonly MLContext _mlContext;
    private readonly IDataView _train, _test;
    private readonly GentleClipTransformer? _pretrained;

    public World(Digits digits, (string A, string B) views, int seed, int labels, bool isPretrained, CancellationToken cancellation)
    {
        (_digits, _views, _seed, _cancellation, _mlContext) = (digits, views, seed, cancellation, new MLContext(seed));
        int[] order = [.. Enumerable.Range(0, digits.Labels.Length)];
        new Random(seed).Shuffle(order);
        var rest = View(order[Test..]);
        var keys = _mlContext.Transforms.Conversion.MapValueToKey("Label").Fit(rest);
        (_train, _test) = (keys.Transform(View(order[Test..(Test + labels)])), keys.Transform(View(order[..Test])));
        if (!isPretrained)
            return;
        var options = GentleClipOptions.FromPreset(GentleClipPreset.Clip) with
        {
            ModalityA = Modalities[0],
            ModalityB = Modalities[1],
            MaximumNumberOfSteps = PretrainingSteps,
            NumberOfThreads = 1,
            CancellationToken = cancellation,
        };
        _pretrained = _mlContext.Transforms.GentleClip(options).Fit(rest);
    }

    private static Modality[] Modalities =>
    [
        Modality.Vector("EmbeddingA", "A", new VectorEncoderOptions { HiddenDimensions = [64, 64] }),
        Modality.Vector("EmbeddingB", "B", new VectorEncoderOptions { HiddenDimensions = [64, 64] }),
    ];

    public double Accuracy(Way way, Side? side)
    {
        var options = new FineTuningOptions
        {
            Side = side,
            Modalities = _pretrained is null ? Modalities : null,
            HeadInitialization = way.Head,
            HeadL2Regularization = way.Regularization,
            TrainableLayers = way.IsFrozen ? 0 : null,
            MaximumNumberOfSteps = way.Steps,
            EncoderLearningRate = way.EncoderRate,
            Optimizer = new() { LearningRate = way.Rate },
            NumberOfThreads = 1,
            Seed = _seed,
            CancellationToken = _cancellation,
        };
        var trainers = _mlContext.MulticlassClassification.Trainers;
        using var model = (_pretrained is null ? trainers.GentleClipFineTuning(options) : trainers.GentleClipFineTuning(_pretrained, options)).Fit(_train);
        return _mlContext.MulticlassClassification.Evaluate(model.Transform(_test)).MicroAccuracy;
    }

    public void Dispose() => _pretrained?.Dispose();

    private IDataView View(int[] rows)
    {
        var (a, b) = (_digits.Views[_views.A], _digits.Views[_views.B]);
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.A)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, a[0].Length);
        schema[nameof(Row.B)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, b[0].Length);
        return _mlContext.Data.LoadFromEnumerable(rows.Select(row => new Row { Label = _digits.Labels[row], A = a[row], B = b[row] }), schema);
    }
}

internal sealed class Row
{
    public string Label { get; init; } = "";

    public float[] A { get; init; } = [];

    public float[] B { get; init; } = [];
}
