using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Pictures.</summary>
internal sealed class ImageKind : ModalityKind<ImageModality>
{
    /// <inheritdoc/>
    public override string Name => "image";

    /// <inheritdoc/>
    public override string ExpectedType => ImageBinding.ExpectedType;

    /// <inheritdoc/>
    public override string InputTypes => "MLImage, byte[] or ReadOnlyMemory<byte> (a picture file)";

    /// <inheritdoc/>
    public override bool Accepts(SchemaShape.Column column) => ImageBinding.Accepts(column);

    /// <inheritdoc/>
    protected override ModalityBinding Bind(ImageModality modality, DataViewSchema.Column column, DataViewSchema schema) =>
        new ImageBinding(column, schema, modality.Images);

    /// <inheritdoc/>
    protected override object? InputOf(Type type, ImageModality modality, int inputDimension) =>
        type == typeof(MLImage) ? Decoded(modality)
        : type == typeof(byte[]) ? Encoded<byte[]>(modality, file => file)
        : type == typeof(ReadOnlyMemory<byte>) ? Encoded<ReadOnlyMemory<byte>>(modality, file => file)
        : null;

    private static GeneratorInput<MLImage> Decoded(ImageModality modality) => new(
        [(modality.InputColumnName, new ImageDataViewType())],
        current => [(ValueGetter<MLImage>)((ref MLImage value) => value = current())],
        _ => null, "an image of 32 bits a pixel");

    private static GeneratorInput<TInput> Encoded<TInput>(ImageModality modality, Func<TInput, ReadOnlyMemory<byte>> file) => new(
        [(modality.InputColumnName, new VectorDataViewType(NumberDataViewType.Byte))],
        current => [GeneratorInput.Vector(() => file(current()))],
        input => file(input).IsEmpty ? "no bytes" : null, "the content of a picture file, whole and undamaged");
}
