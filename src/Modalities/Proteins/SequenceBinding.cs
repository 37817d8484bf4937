using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Binds amino-acid sequences: a scalar of text.</summary>
internal sealed class SequenceBinding : ModalityBinding
{
    /// <summary>The accepted type, in words.</summary>
    public const string ExpectedType = "String (text)";

    private readonly Esm2UnknownResidues _unknown;

    /// <summary>Binds a column.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column has another type.</exception>
    public SequenceBinding(DataViewSchema.Column column, Esm2UnknownResidues unknown) : base(column)
    {
        _unknown = unknown;
        if (column.Type != TextDataViewType.Instance)
            throw SchemaErrors.Mismatch("input", column.Name, ExpectedType, column.Type.ToString()!);
    }

    /// <inheritdoc/>
    public override int InputDimension => 0;

    /// <summary>Whether a promised column can be bound.</summary>
    public static bool Accepts(SchemaShape.Column column) =>
        column.Kind == SchemaShape.Column.VectorKind.Scalar && column.ItemType == TextDataViewType.Instance && !column.IsKey;

    /// <inheritdoc/>
    public override ExampleReader Open(DataViewRow row) => new SequenceReader(row.GetGetter<ReadOnlyMemory<char>>(row.Schema[Column.Index]), _unknown);

    /// <inheritdoc/>
    public override ExampleStore CreateStore() => new SequenceStore();
}
