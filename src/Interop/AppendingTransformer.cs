using System.ComponentModel;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// A saveable transformer that appends columns which follow from a row alone. What some of the library's transformers have in common; programs use
/// <see cref="ITransformer"/>.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class AppendingTransformer : SaveableTransformer
{
    private readonly ModelFormat _format;

    private protected AppendingTransformer(IHostEnvironment environment, ModelFormat format) => (HostEnvironment, _format) = (environment, format);

    /// <summary>True: rows are mapped one by one as well, so a prediction engine can be made.</summary>
    public sealed override bool IsRowToRowMapper => true;

    /// <summary>The input's schema with the columns appended.</summary>
    /// <param name="inputSchema">Schema of the input.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column that is read is missing, or of another type or size than it was when this was made.</exception>
    public sealed override DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return AppendedColumns.Schema(inputSchema, Bind(inputSchema));
    }

    /// <summary>The input with the columns appended, computed as it is read.</summary>
    /// <param name="input">The rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column that is read is missing, or of another type or size than it was when this was made.</exception>
    public sealed override IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var view = AppendedColumns.View(HostEnvironment, input, schema => Bind(schema, schema == input.Schema ? input : null));
        return IsSequential ? new SequentialView(view) : view;
    }

    /// <summary>A mapper of single rows.</summary>
    /// <param name="inputSchema">Schema of the rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column that is read is missing, or of another type or size than it was when this was made.</exception>
    public sealed override IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return AppendedColumns.RowMapper(HostEnvironment, inputSchema, Bind);
    }

    /// <summary>Where it was made.</summary>
    private protected IHostEnvironment HostEnvironment { get; }

    /// <summary>Whether rows are read in their order, by one cursor; else ML.NET may read with several.</summary>
    private protected virtual bool IsSequential => true;

    /// <summary>What is appended to rows of a schema.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing, or of another type or size.</exception>
    private protected abstract AppendedColumns Bind(DataViewSchema schema);

    /// <summary>What is appended to a view.</summary>
    /// <param name="schema">Its schema.</param>
    /// <param name="rows">Its rows, where whoever computes the columns may look at those to come; null for rows that come one by one.</param>
    private protected virtual AppendedColumns Bind(DataViewSchema schema, IDataView? rows) => Bind(schema);

    private protected sealed override ModelFormat Format => _format;

    private protected sealed override IDataView TransformForTraining(IDataView input) => Transform(input);
}
