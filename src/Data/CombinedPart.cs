namespace Microsoft.ML.GentleClip.Data;

/// <summary>One input of a combined view.</summary>
/// <param name="Name">The argument's name, for messages.</param>
/// <param name="View">The rows.</param>
/// <param name="IsPaired">Whether the rows are matched pairs.</param>
internal sealed record CombinedPart(string Name, IDataView View, bool IsPaired)
{
    /// <summary>The columns that a name finds; hidden ones are left out.</summary>
    public IEnumerable<DataViewSchema.Column> VisibleColumns => View.Schema.Where(column => !column.IsHidden);

    /// <summary>The column that <paramref name="name"/> finds, or null.</summary>
    public DataViewSchema.Column? Column(string name) => View.Schema.GetColumnOrNull(name);
}
