using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Columns that are computed from one other column of the same row.</summary>
internal abstract class AppendedColumns(DataViewSchema.Column input) : IRowMapper
{
    /// <summary>The columns.</summary>
    protected abstract DataViewSchema.DetachedColumn[] Outputs { get; }

    /// <summary>The column they are computed from.</summary>
    protected DataViewSchema.Column Input => input;

    /// <summary>Getters of the columns, null for those that are not wanted; for one thread.</summary>
    protected abstract Delegate?[] CreateGetters(DataViewRow row, Func<int, bool> isActive);

    /// <summary>The schema with the columns appended.</summary>
    public static DataViewSchema Schema(DataViewSchema schema, AppendedColumns columns) => RowToRowMapperTransform.GetOutputSchema(schema, columns);

    /// <summary>A view with the columns appended, computed as it is read.</summary>
    /// <param name="environment">The environment.</param>
    /// <param name="data">The rows.</param>
    /// <param name="bind">Makes the columns for a schema.</param>
    public static IDataView View(IHostEnvironment environment, IDataView data, Func<DataViewSchema, AppendedColumns> bind) =>
        new RowToRowMapperTransform(environment, data, bind(data.Schema), bind);

    /// <summary>A mapper of single rows.</summary>
    /// <param name="environment">The environment.</param>
    /// <param name="schema">Schema of the rows.</param>
    /// <param name="bind">Makes the columns for a schema.</param>
    public static IRowToRowMapper RowMapper(IHostEnvironment environment, DataViewSchema schema, Func<DataViewSchema, AppendedColumns> bind) =>
        new RowToRowMapperTransform(environment, new EmptyDataView(environment, schema), bind(schema), bind);

    Func<int, bool> IRowMapper.GetDependencies(Func<int, bool> activeOutput)
    {
        var isActive = Enumerable.Range(0, Outputs.Length).Any(activeOutput);
        return column => isActive && column == input.Index;
    }

    Delegate?[] IRowMapper.CreateGetters(DataViewRow row, Func<int, bool> activeOutput, out Action? disposer)
    {
        disposer = null;
        return CreateGetters(row, activeOutput);
    }

    DataViewSchema.DetachedColumn[] IRowMapper.GetOutputColumns() => Outputs;

    ITransformer IRowMapper.GetTransformer() => throw new NotSupportedException();

    void ICanSaveModel.Save(ModelSaveContext ctx) => throw new NotSupportedException("Save the transformer, not the view that it has made.");
}
