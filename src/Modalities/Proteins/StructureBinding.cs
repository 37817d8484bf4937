using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Binds protein structures: alpha carbons as a vector, three numbers per residue, and optionally their sequence as text.</summary>
internal sealed class StructureBinding : ModalityBinding
{
    /// <summary>The accepted types, in words.</summary>
    public const string ExpectedType = "Vector<Single> or Vector<Double>, of variable size or of three slots a residue";

    private readonly DataViewSchema.Column? _sequence;
    private readonly bool _isDouble;

    /// <summary>Binds the columns.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column has another type.</exception>
    public StructureBinding(DataViewSchema.Column column, DataViewSchema.Column? sequence) : base(column)
    {
        _sequence = sequence;
        if (column.Type is not VectorDataViewType vector
            || (vector.ItemType != NumberDataViewType.Single && vector.ItemType != NumberDataViewType.Double) || vector.Size % 3 != 0)
            throw SchemaErrors.Mismatch("input", column.Name, ExpectedType, column.Type.ToString()!);
        _isDouble = vector.ItemType == NumberDataViewType.Double;
        if (sequence is { } text && text.Type != TextDataViewType.Instance)
            throw SchemaErrors.Mismatch("sequence", text.Name, SequenceBinding.ExpectedType, text.Type.ToString()!);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<DataViewSchema.Column> Columns => _sequence is { } sequence ? [Column, sequence] : [Column];

    /// <inheritdoc/>
    public override int InputDimension => 0;

    /// <summary>Whether a promised column can be bound.</summary>
    public static bool Accepts(SchemaShape.Column column) =>
        column.Kind != SchemaShape.Column.VectorKind.Scalar && !column.IsKey
        && (column.ItemType == NumberDataViewType.Single || column.ItemType == NumberDataViewType.Double);

    /// <inheritdoc/>
    public override ExampleReader Open(DataViewRow row)
    {
        var sequence = _sequence is { } column ? row.GetGetter<ReadOnlyMemory<char>>(row.Schema[column.Index]) : null;
        return _isDouble
            ? new ChainReader<double>(row.GetGetter<VBuffer<double>>(row.Schema[Column.Index]), sequence, _sequence?.Name)
            : new ChainReader<float>(row.GetGetter<VBuffer<float>>(row.Schema[Column.Index]), sequence, _sequence?.Name);
    }

    /// <inheritdoc/>
    public override ExampleStore CreateStore() => new StructureStore();
}
