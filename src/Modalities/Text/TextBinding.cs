using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Binds text: a scalar of text.</summary>
internal sealed class TextBinding : ModalityBinding
{
    /// <summary>The accepted type, in words.</summary>
    public const string ExpectedType = SequenceBinding.ExpectedType;

    private readonly TextEncoderOptions _encoder;

    /// <summary>Binds a column.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column has another type.</exception>
    public TextBinding(DataViewSchema.Column column, TextEncoderOptions encoder) : base(column)
    {
        _encoder = encoder;
        if (column.Type != TextDataViewType.Instance)
            throw SchemaErrors.Mismatch("input", column.Name, ExpectedType, column.Type.ToString()!);
    }

    /// <inheritdoc/>
    public override int InputDimension => 0;

    /// <summary>Whether a promised column can be bound.</summary>
    public static bool Accepts(SchemaShape.Column column) => SequenceBinding.Accepts(column);

    /// <inheritdoc/>
    public override ExampleReader Open(DataViewRow row) => new TextColumnReader(row.GetGetter<ReadOnlyMemory<char>>(row.Schema[Column.Index]));

    /// <inheritdoc/>
    public override ExampleStore CreateStore() => new TextStore(_encoder);
}
