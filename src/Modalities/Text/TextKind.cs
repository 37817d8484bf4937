namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Text.</summary>
internal sealed class TextKind : ModalityKind<TextModality>
{
    /// <inheritdoc/>
    public override string Name => "text";

    /// <inheritdoc/>
    public override string ExpectedType => TextBinding.ExpectedType;

    /// <inheritdoc/>
    public override string InputTypes => "string";

    /// <inheritdoc/>
    public override bool Accepts(SchemaShape.Column column) => TextBinding.Accepts(column);

    /// <inheritdoc/>
    protected override ModalityBinding Bind(TextModality modality, DataViewSchema.Column column, DataViewSchema schema) =>
        new TextBinding(column, modality.Encoder);

    /// <inheritdoc/>
    protected override object? InputOf(Type type, TextModality modality, int inputDimension) =>
        type == typeof(string) ? GeneratorInput.Text(modality, "a text with at least one visible character") : null;
}
