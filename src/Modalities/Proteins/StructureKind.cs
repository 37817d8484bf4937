using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Protein structures.</summary>
internal sealed class StructureKind : ModalityKind<ProteinStructureModality>
{
    private const string SequenceRole = "sequence";

    /// <inheritdoc/>
    public override string Name => "protein structure";

    /// <inheritdoc/>
    public override string ExpectedType => StructureBinding.ExpectedType;

    /// <inheritdoc/>
    public override string InputTypes => nameof(AlphaCarbonTrace);

    /// <inheritdoc/>
    public override bool Accepts(SchemaShape.Column column) => StructureBinding.Accepts(column);

    /// <inheritdoc/>
    protected override ModalityBinding Bind(ProteinStructureModality modality, DataViewSchema.Column column, DataViewSchema schema) => new StructureBinding(
        column, modality.SequenceColumnName is { } name ? schema.GetColumnOrNull(name) ?? throw SchemaErrors.Missing(SequenceRole, name, schema) : null);

    /// <inheritdoc/>
    protected override void CheckOtherColumns(ProteinStructureModality modality, SchemaShape shape)
    {
        if (modality.SequenceColumnName is not { } name)
            return;
        if (!SchemaShapes.TryFind(shape, name, out var text))
            throw SchemaErrors.Missing(SequenceRole, name, shape);
        if (!SequenceBinding.Accepts(text))
            throw SchemaErrors.Mismatch(SequenceRole, name, SequenceBinding.ExpectedType, SchemaShapes.Describe(text));
    }

    /// <inheritdoc/>
    protected override object? InputOf(Type type, ProteinStructureModality modality, int inputDimension)
    {
        if (type != typeof(AlphaCarbonTrace))
            return null;
        var coordinates = (modality.InputColumnName, (DataViewType)new VectorDataViewType(NumberDataViewType.Single));
        return new GeneratorInput<AlphaCarbonTrace>(
            modality.SequenceColumnName is { } name ? [coordinates, (name, TextDataViewType.Instance)] : [coordinates],
            current =>
            [
                GeneratorInput.Vector(() => current().Coordinates),
                (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> value) => value = current().Sequence.AsMemory()),
            ],
            _ => null, "finite coordinates, three for each alpha carbon");
    }
}
