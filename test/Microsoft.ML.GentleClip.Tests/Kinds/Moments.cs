using System.Reflection;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Kinds;

/// <summary>A toy modality: moments, a column of DateTime, of which the default is missing.</summary>
internal sealed class MomentModality(string outputColumnName, string inputColumnName, MomentOptions encoder) : Modality(outputColumnName, inputColumnName)
{
    public MomentOptions Encoder => encoder;

    internal override IEncoderOptions EncoderOptions => encoder;
}

internal sealed record MomentOptions(int Width = 8) : IEncoderOptions;

internal sealed class MomentKind : ModalityKind<MomentModality>
{
    public override string Name => "moment";

    public override string ExpectedType => "DateTime";

    public override string InputTypes => "DateTime";

    public override bool Accepts(SchemaShape.Column column) =>
        column.Kind == SchemaShape.Column.VectorKind.Scalar && column.ItemType == DateTimeDataViewType.Instance;

    protected override ModalityBinding Bind(MomentModality modality, DataViewSchema.Column column, DataViewSchema schema) => new MomentBinding(column);

    protected override object? InputOf(Type type, MomentModality modality, int inputDimension) => type != typeof(DateTime) ? null
        : new GeneratorInput<DateTime>([(modality.InputColumnName, DateTimeDataViewType.Instance)],
            current => [(ValueGetter<DateTime>)((ref DateTime value) => value = current())], _ => null, "a moment");
}

internal sealed class MomentBinding(DataViewSchema.Column column) : ModalityBinding(column)
{
    public override int InputDimension => 0;

    public override ExampleReader Open(DataViewRow row) => new MomentReader(row.GetGetter<DateTime>(row.Schema[Column.Index]));

    public override ExampleStore CreateStore() => new VectorStore(MomentReader.Features);
}

/// <summary>The time of the day and of the year, each as a place on a circle.</summary>
internal sealed class MomentReader(ValueGetter<DateTime> getter) : FeatureReader(Features)
{
    public const int Features = 4;

    public override Presence Read()
    {
        DateTime moment = default;
        getter(ref moment);
        if (moment == default)
            return Presence.Absent;
        var (day, year) = (2 * Math.PI * moment.TimeOfDay.TotalDays, 2 * Math.PI * moment.DayOfYear / 366);
        return Take<double>([Math.Sin(day), Math.Cos(day), Math.Sin(year), Math.Cos(year)]);
    }
}

internal sealed class MomentEncoder : Encoder
{
    private readonly Linear map;

    public MomentEncoder(MomentOptions options, Generator generator) : base(nameof(MomentEncoder))
    {
        map = new Linear(MomentReader.Features, options.Width, generator);
        FeatureDimension = options.Width;
        RegisterComponents();
    }

    public override int FeatureDimension { get; }

    public override Tensor Encode(ModalityBatch batch, NoiseSource? noise) =>
        nn.functional.gelu(map.forward(noise?.AddGaussian(batch.Vectors, 0.1) ?? batch.Vectors));
}

internal sealed class MomentEncoderKind : EncoderKind<MomentModality, MomentOptions>
{
    public override string SavedName => "toyMoment";

    public override Type DescriptionType => typeof(Description);

    public override string Name => "circles";

    public override string? Preprocessing => "moments become places on circles";

    protected override (long Weights, int FeatureDimension) Measure(MomentModality modality, MomentOptions options, int inputDimension) =>
        (Linear.CountWeights(MomentReader.Features, options.Width), options.Width);

    protected override Encoder Create(MomentModality modality, MomentOptions options, int inputDimension, Generator generator) =>
        new MomentEncoder(options, generator);

    protected override EncoderFiles Files(MomentOptions options) => default;

    protected override TowerDescription Describe(MomentModality modality, MomentOptions options, int inputDimension) =>
        new Description(modality.InputColumnName, modality.OutputColumnName, options);

    protected override string DescribePreprocessing(MomentModality modality, MomentOptions options) => "sine and cosine of the day and of the year";

    protected override string AppendFeatures(OnnxGraph graph, MomentModality modality, MomentOptions options, string? vectors, string prefix) =>
        graph.Gelu(graph.Linear(graph.Input(OnnxNames.Features, OnnxType.Single, "places on circles", OnnxNames.Batch, MomentReader.Features), prefix + "map"));

    protected override Preparation CreatePreparation(MomentModality modality, MomentOptions options, int inputDimension) =>
        new VectorPreparation();

    private sealed record Description(string InputColumn, string OutputColumn, MomentOptions Encoder) : TowerDescription
    {
        public override (Modality Modality, int InputDimension) Restore(IEnumerable<Assembly> registered) =>
            (new MomentModality(OutputColumn, InputColumn, Encoder), 0);
    }
}
