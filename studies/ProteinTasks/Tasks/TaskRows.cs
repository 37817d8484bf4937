using Microsoft.ML;
using Microsoft.ML.Data;

namespace ProteinTasks.Tasks;

/// <summary>A row with features and a class, or with features and many labels.</summary>
internal sealed class TaskRow
{
    public required float[] Features { get; init; }

    public string Class { get; init; } = "";

    public bool[] Labels { get; init; } = [];

    /// <summary>Null stands for an absent embedding.</summary>
    public float[]? Reference { get; init; }

    public float[]? Query { get; init; }

    public static IDataView View(MLContext mlContext, IReadOnlyList<TaskRow> rows)
    {
        var schema = SchemaDefinition.Create(typeof(TaskRow));
        var features = new VectorDataViewType(NumberDataViewType.Single, rows[0].Features.Length);
        (schema[nameof(Features)].ColumnType, schema[nameof(Reference)].ColumnType, schema[nameof(Query)].ColumnType) = (features, features, features);
        if (rows[0].Labels.Length > 0)
            schema[nameof(Labels)].ColumnType = new VectorDataViewType(BooleanDataViewType.Instance, rows[0].Labels.Length);
        else
            schema.RemoveAll(column => column.ColumnName == nameof(Labels));
        schema.RemoveAll(column => (column.ColumnName == nameof(Reference) && rows.All(row => row.Reference is null))
            || (column.ColumnName == nameof(Query) && rows.All(row => row.Query is null)));
        return mlContext.Data.LoadFromEnumerable(rows, schema);
    }
}
