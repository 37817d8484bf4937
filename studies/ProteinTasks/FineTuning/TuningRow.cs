using Microsoft.ML;
using Microsoft.ML.Data;
using ProteinTasks.Data;

namespace ProteinTasks.FineTuning;

/// <summary>A chain or domain with what it is to be told by: the columns that pretraining reads, a class, many labels.</summary>
internal sealed class TuningRow
{
    public string Class { get; init; } = "";

    public bool[] Labels { get; init; } = [];

    public string Sequence { get; init; } = "";

    public float[] AlphaCarbons { get; init; } = [];

    public static TuningRow Of(Piece piece, string name, bool[] labels) =>
        new() { Class = name, Labels = labels, Sequence = piece.Sequence, AlphaCarbons = piece.AlphaCarbons };

    public static IDataView View(MLContext mlContext, IEnumerable<TuningRow> some)
    {
        TuningRow[] rows = [.. some];
        var schema = SchemaDefinition.Create(typeof(TuningRow));
        if (rows.Length > 0 && rows[0].Labels.Length > 0)
            schema[nameof(Labels)].ColumnType = new VectorDataViewType(BooleanDataViewType.Instance, rows[0].Labels.Length);
        else
            schema.RemoveAll(column => column.ColumnName == nameof(Labels));
        return mlContext.Data.LoadFromEnumerable(rows, schema);
    }
}
