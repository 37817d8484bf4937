using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace Microsoft.ML.GentleClip.Tests.MultiLabel;

/// <summary>Rows whose labels follow from the signs of their features, and trainers for them.</summary>
internal static class MultiLabelData
{
    public const int Dimension = 4;

    /// <summary>Labels "f0" to "f3": that feature is positive; "none": no row; "all": every row.</summary>
    public static readonly string[] Names = ["f0", "f1", "f2", "f3", "none", "all"];

    public static List<LabelledRow> Rows(int count, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            float[] features = [.. Enumerable.Range(0, Dimension).Select(_ => (float)(random.NextDouble() * 2 - 1))];
            return new LabelledRow { Features = features, Labels = [.. features.Select(value => value > 0), false, true] };
        })];
    }

    /// <summary>A view of which the label column has slot names.</summary>
    public static IDataView View(MLContext mlContext, List<LabelledRow> rows)
    {
        var schema = SchemaDefinition.Create(typeof(LabelledRow));
        schema["Labels"].AddAnnotation("SlotNames", new VBuffer<ReadOnlyMemory<char>>(Names.Length, [.. Names.Select(name => name.AsMemory())]),
            new VectorDataViewType(TextDataViewType.Instance, Names.Length));
        return mlContext.Data.LoadFromEnumerable(rows, schema);
    }

    public static SdcaLogisticRegressionBinaryTrainer Sdca(MLContext mlContext, string label, string features) =>
        mlContext.BinaryClassification.Trainers.SdcaLogisticRegression(new SdcaLogisticRegressionBinaryTrainer.Options
        {
            LabelColumnName = label,
            FeatureColumnName = features,
            NumberOfThreads = 1,
            MaximumNumberOfIterations = 20,
        });
}

internal sealed class LabelledRow
{
    [VectorType(MultiLabelData.Dimension)]
    public float[] Features { get; set; } = [];

    [VectorType(6)]
    public bool[] Labels { get; set; } = [];
}
