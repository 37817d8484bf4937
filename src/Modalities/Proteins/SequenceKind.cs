namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Amino-acid sequences.</summary>
internal sealed class SequenceKind : ModalityKind<ProteinSequenceModality>
{
    /// <inheritdoc/>
    public override string Name => "protein sequence";

    /// <inheritdoc/>
    public override string ExpectedType => SequenceBinding.ExpectedType;

    /// <inheritdoc/>
    public override string InputTypes => "string";

    /// <inheritdoc/>
    public override bool Accepts(SchemaShape.Column column) => SequenceBinding.Accepts(column);

    /// <inheritdoc/>
    protected override ModalityBinding Bind(ProteinSequenceModality modality, DataViewSchema.Column column, DataViewSchema schema) =>
        new SequenceBinding(column, modality.Encoder.UnknownResidues);

    /// <inheritdoc/>
    protected override object? InputOf(Type type, ProteinSequenceModality modality, int inputDimension) =>
        type == typeof(string) ? GeneratorInput.Text(modality, "an amino-acid sequence, one letter per residue") : null;
}
