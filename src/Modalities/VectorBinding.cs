using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Binds feature vectors: <c>Vector&lt;Single&gt;</c> or <c>Vector&lt;Double&gt;</c> of known size, or a scalar of these.</summary>
internal sealed class VectorBinding : ModalityBinding
{
    /// <summary>The accepted types, in words.</summary>
    public const string ExpectedType = "Vector<Single> or Vector<Double> of known size, or scalar Single or Double";

    private readonly bool _isDouble;
    private readonly bool _isVector;

    /// <summary>Binds a column.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column has another type.</exception>
    public VectorBinding(DataViewSchema.Column column) : base(column)
    {
        var item = column.Type is VectorDataViewType vector ? vector.ItemType : column.Type;
        _isVector = column.Type is VectorDataViewType;
        _isDouble = item == NumberDataViewType.Double;
        InputDimension = column.Type is VectorDataViewType sized ? sized.Size : 1;
        if ((!_isDouble && item != NumberDataViewType.Single) || InputDimension == 0)
            throw SchemaErrors.Mismatch("input", column.Name, ExpectedType, Describe(column.Type));
    }

    /// <inheritdoc/>
    public override int InputDimension { get; }

    /// <summary>Whether a promised column can be bound.</summary>
    public static bool Accepts(SchemaShape.Column column) =>
        column.Kind != SchemaShape.Column.VectorKind.VariableVector && !column.IsKey
        && (column.ItemType == NumberDataViewType.Single || column.ItemType == NumberDataViewType.Double);

    /// <inheritdoc/>
    public override ExampleReader Open(DataViewRow row) => (_isVector, _isDouble) switch
    {
        (true, false) => new VectorReader<float>(InputDimension, row.GetGetter<VBuffer<float>>(row.Schema[Column.Index])),
        (true, true) => new VectorReader<double>(InputDimension, row.GetGetter<VBuffer<double>>(row.Schema[Column.Index])),
        (false, false) => new ScalarReader<float>(row.GetGetter<float>(row.Schema[Column.Index])),
        (false, true) => new ScalarReader<double>(row.GetGetter<double>(row.Schema[Column.Index])),
    };

    /// <inheritdoc/>
    public override ExampleStore CreateStore() => new VectorStore(InputDimension);

    // ML.NET writes a vector of variable size as "Vector<Single>", which reads like what was expected.
    private static string Describe(DataViewType type) => type is VectorDataViewType { IsKnownSize: false } ? $"{type} of variable size" : type.ToString()!;
}
