using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>A modality bound to the column of a schema: types checked once, readers opened from it.</summary>
internal abstract class ModalityBinding(DataViewSchema.Column column)
{
    private const string SequenceRole = "sequence";

    /// <summary>The input column.</summary>
    public DataViewSchema.Column Column { get; } = column;

    /// <summary>All columns that are read, <see cref="Column"/> first.</summary>
    public virtual IReadOnlyList<DataViewSchema.Column> Columns => [Column];

    /// <summary>Size of one sample where the modality fixes it (features of a vector), else 0.</summary>
    public abstract int InputDimension { get; }

    /// <summary>Opens the getter of a row or cursor.</summary>
    public abstract ExampleReader Open(DataViewRow row);

    /// <summary>Opens the getter of a cursor whose rows are all read, once each and in order. It may read ahead on other threads; then it is disposable.</summary>
    /// <param name="cursor">At its start.</param>
    /// <param name="data">The view that it belongs to.</param>
    public virtual ExampleReader OpenAhead(DataViewRowCursor cursor, IDataView data) => Open(cursor);

    /// <summary>An empty store for examples of this modality.</summary>
    public abstract ExampleStore CreateStore();

    /// <summary>Binds a modality to a schema.</summary>
    /// <param name="modality">What to read.</param>
    /// <param name="schema">Where to read it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type (ML.NET's schema mismatch).</exception>
    public static ModalityBinding Bind(Modality modality, DataViewSchema schema)
    {
        var column = schema.GetColumnOrNull(modality.InputColumnName) ?? throw SchemaErrors.Missing("input", modality.InputColumnName, schema);
        return modality switch
        {
            VectorModality => new VectorBinding(column),
            ProteinSequenceModality sequence => new SequenceBinding(column, sequence.Encoder.UnknownResidues),
            ProteinStructureModality structure => new StructureBinding(column, Sequence(structure.SequenceColumnName, schema)),
            TextModality text => new TextBinding(column, text.Encoder),
            ImageModality image => new ImageBinding(column, schema, image.Images),
            _ => throw new NotSupportedException($"Modality {modality.GetType().Name} of column '{modality.InputColumnName}' is not supported."),
        };
    }

    /// <summary>Checks the promise of an estimator's input column.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type (ML.NET's schema mismatch).</exception>
    public static void CheckShape(Modality modality, SchemaShape shape)
    {
        if (!SchemaShapes.TryFind(shape, modality.InputColumnName, out var column))
            throw SchemaErrors.Missing("input", modality.InputColumnName, shape);
        var (accepted, expected) = modality switch
        {
            VectorModality => (VectorBinding.Accepts(column), VectorBinding.ExpectedType),
            ProteinSequenceModality => (SequenceBinding.Accepts(column), SequenceBinding.ExpectedType),
            TextModality => (TextBinding.Accepts(column), TextBinding.ExpectedType),
            ProteinStructureModality => (StructureBinding.Accepts(column), StructureBinding.ExpectedType),
            ImageModality => (ImageBinding.Accepts(column), ImageBinding.ExpectedType),
            _ => throw new NotSupportedException($"Modality {modality.GetType().Name} of column '{modality.InputColumnName}' is not supported."),
        };
        if (!accepted)
            throw SchemaErrors.Mismatch("input", modality.InputColumnName, expected, SchemaShapes.Describe(column));
        if (modality is not ProteinStructureModality { SequenceColumnName: { } name })
            return;
        if (!SchemaShapes.TryFind(shape, name, out var text))
            throw SchemaErrors.Missing(SequenceRole, name, shape);
        if (!SequenceBinding.Accepts(text))
            throw SchemaErrors.Mismatch(SequenceRole, name, SequenceBinding.ExpectedType, SchemaShapes.Describe(text));
    }

    private static DataViewSchema.Column? Sequence(string? name, DataViewSchema schema) =>
        name is null ? null : schema.GetColumnOrNull(name) ?? throw SchemaErrors.Missing(SequenceRole, name, schema);
}
