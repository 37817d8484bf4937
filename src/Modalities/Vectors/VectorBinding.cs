using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Binds feature vectors: numbers of any type, or Booleans, in a vector of known size; or one number.</summary>
internal sealed class VectorBinding : ModalityBinding
{
    /// <summary>The accepted types, in words.</summary>
    public const string ExpectedType = "Vector<Single> of known size (Double, integers and Boolean are converted), or scalar Single, Double or integer";

    private readonly DataViewType _item;
    private readonly bool _isVector;

    /// <summary>Binds a column.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column has another type.</exception>
    public VectorBinding(DataViewSchema.Column column) : base(column)
    {
        _isVector = column.Type is VectorDataViewType;
        _item = column.Type is VectorDataViewType vector ? vector.ItemType : column.Type;
        InputDimension = column.Type is VectorDataViewType sized ? sized.Size : 1;
        if (InputDimension == 0 || !IsRead(_item, _isVector))
            throw SchemaErrors.Mismatch("input", column.Name, ExpectedType, SchemaErrors.Describe(column.Type));
    }

    /// <inheritdoc/>
    public override int InputDimension { get; }

    /// <summary>Whether a promised column can be bound.</summary>
    public static bool Accepts(SchemaShape.Column column) =>
        column.Kind != SchemaShape.Column.VectorKind.VariableVector && !column.IsKey
        && IsRead(column.ItemType, column.Kind == SchemaShape.Column.VectorKind.Vector);

    /// <inheritdoc/>
    public override ExampleReader Open(DataViewRow row)
    {
        var opener = new Opener(row, row.Schema[Column.Index], InputDimension);
        return _item is BooleanDataViewType ? opener.Visit<byte>() : NumberTypes.Visit(_item, opener);
    }

    /// <inheritdoc/>
    public override ExampleStore CreateStore() => new VectorStore(InputDimension);

    // One Boolean is no sample of anything; many are, such as the words that a text has.
    private static bool IsRead(DataViewType item, bool isVector) => NumberTypes.IsNumber(item) || (isVector && item is BooleanDataViewType);

    private sealed class Opener(DataViewRow row, DataViewSchema.Column column, int dimension) : INumberVisitor<ExampleReader>
    {
        public ExampleReader Visit<T>() where T : struct, INumber<T> => column.Type is VectorDataViewType
            ? new VectorReader<T>(dimension, NumberTypes.VectorGetter<T>(row, column), row, column.Name)
            : new ScalarReader<T>(row.GetGetter<T>(column));
    }
}
