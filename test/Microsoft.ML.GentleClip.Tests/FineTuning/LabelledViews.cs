using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Tests.FineTuning;

/// <summary>Rows of two views with labels of every kind, which follow from the latent points, and trainings of seconds on them.</summary>
internal static class LabelledViews
{
    public static readonly string[] Kinds = ["oak", "ash", "yew"];

    public static readonly string[] Tags = ["even", "high", "low", "none"];

    internal sealed class Row
    {
        [VectorType(TwoViews.DimensionA)]
        public float[] A { get; set; } = [];

        [VectorType(TwoViews.DimensionB)]
        public float[] B { get; set; } = [];

        public string? Kind { get; set; } = "";

        public bool IsFirst { get; set; }

        public float Target { get; set; }

        [VectorType(4)]
        public bool[] Flags { get; set; } = [];

        [VectorType(4)]
        public float[] Known { get; set; } = [];

        public string[] Tags { get; set; } = [];
    }

    /// <summary>Rows with both sides and all labels.</summary>
    public static List<Row> Rows(int count, int seed = 3) => [.. TwoViews.Pairs(count, seed).Select(row => Labelled(row.A!, row.B!, Kinds[row.Cluster]))];

    public static IDataView View(MLContext mlContext, IEnumerable<Row> rows) => Keys(mlContext, rows).Transform(mlContext.Data.LoadFromEnumerable(rows));

    /// <summary>The keys of a label column as training rows have them, for other rows too.</summary>
    public static ITransformer Keys(MLContext mlContext, IEnumerable<Row> rows) =>
        mlContext.Transforms.Conversion.MapValueToKey("Label", "Kind").Append(mlContext.Transforms.Conversion.MapValueToKey("TagKeys", "Tags"))
            .Fit(mlContext.Data.LoadFromEnumerable(rows));

    /// <summary>A transformer whose towers have seen a few steps.</summary>
    public static GentleClipTransformer Aligned(int steps = 60, int seed = 3) =>
        new MLContext(seed).Transforms.GentleClip(TwoViews.Options(steps)).Fit(new MLContext(1).Data.LoadFromEnumerable(TwoViews.Pairs(200, 1)));

    public static FineTuningOptions Options(int steps = 120, string label = "Label") => new()
    {
        LabelColumnName = label,
        MaximumNumberOfSteps = steps,
        NumberOfThreads = 1,
        Seed = 3,
    };

    /// <summary>Modalities with fresh encoders, as those of <see cref="TwoViews.Options"/>.</summary>
    public static Modality[] Modalities { get; } = [TwoViews.Options().ModalityA!, TwoViews.Options().ModalityB!];

    private static Row Labelled(float[] a, float[] b, string kind)
    {
        bool[] flags = [a[0] > 0, a[1] + b[0] > 0, b[2] > 0, kind == Kinds[2]];
        return new Row
        {
            A = a,
            B = b,
            Kind = kind,
            IsFirst = kind == Kinds[0],
            Target = 100 + 7 * (a[0] + b[1]),
            Flags = flags,
            Known = [.. flags.Select((flag, i) => (i + kind.Length + (int)(10 * Math.Abs(a[3]))) % 5 == 0 ? float.NaN : flag ? 1f : 0)],
            Tags = [.. Tags.Where((_, i) => flags[i])],
        };
    }
}
