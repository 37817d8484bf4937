using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>The output columns bound to an input schema: what is appended, what it is computed from.</summary>
internal sealed class EmbeddingSchema
{
    private readonly EmbeddingColumn[] _columns;

    /// <summary>Binds columns to a schema. Where it lacks one side's input column, that side is absent in every row.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// All input columns are missing, or one is misspelt or of another type or size than in training.
    /// </exception>
    public EmbeddingSchema(DataViewSchema input, params EmbeddingColumn[] columns)
    {
        Input = input;
        _columns = columns;
        Absent = columns.Any(column => Has(input, column)) ? [.. columns.Where(column => !Has(input, column) && !IsMisspelt(input, column, columns))] : [];
        var ofTower = columns.DistinctBy(column => column.Tower)
            .ToDictionary(column => column.Tower, column => Absent.Contains(column) ? new AbsentBinding() : Bind(column, input));
        Bindings = [.. columns.Select(column => ofTower[column.Tower])];
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        foreach (var column in columns)
        {
            var names = SlotNames.ToAnnotations(SlotNames.Numbered(column.Name, column.Dimension));
            builder.AddColumn(column.Name, new VectorDataViewType(NumberDataViewType.Single, column.Dimension), names);
        }
        Output = builder.ToSchema();
    }

    /// <summary>Schema of the input.</summary>
    public DataViewSchema Input { get; }

    /// <summary>The input's columns, then the embedding columns.</summary>
    public DataViewSchema Output { get; }

    /// <summary>The embedding columns.</summary>
    public IReadOnlyList<EmbeddingColumn> Columns => _columns;

    /// <summary>Their inputs, in the same order; columns of one side have the same.</summary>
    public IReadOnlyList<ModalityBinding> Bindings { get; }

    /// <summary>The embedding columns whose input the schema lacks: they are missing in every row.</summary>
    public IReadOnlyList<EmbeddingColumn> Absent { get; }

    /// <summary>Number of the embedding column behind an output column, or -1 for a column of the input.</summary>
    public int EmbeddingOf(DataViewSchema.Column outputColumn) => outputColumn.Index >= Input.Count ? outputColumn.Index - Input.Count : -1;

    /// <summary>The input columns needed for some output columns.</summary>
    public IEnumerable<DataViewSchema.Column> Dependencies(IEnumerable<DataViewSchema.Column> outputColumns) =>
        outputColumns.SelectMany(column => EmbeddingOf(column) is >= 0 and var embedding ? Bindings[embedding].Columns : [Input[column.Index]])
            .DistinctBy(column => column.Index);

    private static bool Has(DataViewSchema input, EmbeddingColumn column) => input.GetColumnOrNull(column.Spec.Modality.InputColumnName) is not null;

    // A column that nobody reads and whose name is nearly the one that is looked for.
    private static bool IsMisspelt(DataViewSchema input, EmbeddingColumn column, EmbeddingColumn[] all)
    {
        var known = all.Select(other => other.Spec.Modality.InputColumnName).Concat(all.Select(other => other.Name)).ToHashSet();
        var others = input.Where(candidate => !candidate.IsHidden).Select(candidate => candidate.Name).Where(name => !known.Contains(name));
        return ColumnNames.Nearest(column.Spec.Modality.InputColumnName, others) is not null;
    }

    private static ModalityBinding Bind(EmbeddingColumn column, DataViewSchema input)
    {
        var binding = ModalityKinds.Bind(column.Spec.Modality, input);
        if (binding.InputDimension != column.Spec.InputDimension)
            throw SchemaErrors.Mismatch("input", column.Spec.Modality.InputColumnName,
                string.Create(CultureInfo.InvariantCulture, $"{column.Spec.InputDimension} features as in training"), binding.Column.Type.ToString()!);
        return binding;
    }
}
