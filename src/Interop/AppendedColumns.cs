using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Columns that are computed from others of the same row.</summary>
internal abstract class AppendedColumns(params DataViewSchema.Column[] inputs) : IRowMapper, ISaveAsOnnx
{
    /// <summary>The columns.</summary>
    protected abstract DataViewSchema.DetachedColumn[] Outputs { get; }

    /// <summary>The column they are computed from, or the first of them.</summary>
    protected DataViewSchema.Column Input => inputs[0];

    /// <summary>Whether an output is computed from an input, by their numbers.</summary>
    protected virtual bool DependsOn(int output, int input) => true;

    /// <summary>Getters of the columns, null for those that are not wanted; for one thread.</summary>
    protected abstract Delegate?[] CreateGetters(DataViewRow row, Func<int, bool> isActive);

    /// <summary>The same, with what is to be done when the cursor is disposed of; null for nothing.</summary>
    protected virtual Delegate?[] CreateGetters(DataViewRow row, Func<int, bool> isActive, out Action? disposer)
    {
        disposer = null;
        return CreateGetters(row, isActive);
    }

    /// <summary>Throws where the columns cannot be expressed in ML.NET's export to ONNX, which would go on without them.</summary>
    /// <exception cref="NotSupportedException">They cannot; the message names the column.</exception>
    protected abstract void CheckOnnx(OnnxPipeline pipeline);

    /// <summary>Adds the nodes and the columns to the graph of ML.NET's export.</summary>
    protected abstract void SaveOnnx(OnnxPipeline pipeline);

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
        var needed = Enumerable.Range(0, inputs.Length)
            .Where(input => Enumerable.Range(0, Outputs.Length).Any(output => activeOutput(output) && DependsOn(output, input)))
            .Select(input => inputs[input].Index).ToHashSet();
        return needed.Contains;
    }

    Delegate?[] IRowMapper.CreateGetters(DataViewRow row, Func<int, bool> activeOutput, out Action? disposer) => CreateGetters(row, activeOutput, out disposer);

    DataViewSchema.DetachedColumn[] IRowMapper.GetOutputColumns() => Outputs;

    ITransformer IRowMapper.GetTransformer() => throw new NotSupportedException();

    bool ICanSaveOnnx.CanSaveOnnx(OnnxContext ctx)
    {
        CheckOnnx(new OnnxPipeline(ctx));
        return true;
    }

    void ISaveAsOnnx.SaveAsOnnx(OnnxContext ctx) => SaveOnnx(new OnnxPipeline(ctx));

    void ICanSaveModel.Save(ModelSaveContext ctx) => throw new NotSupportedException("Save the transformer, not the view that it has made.");
}
