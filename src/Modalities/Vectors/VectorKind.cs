using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Feature vectors.</summary>
internal sealed class VectorKind : ModalityKind<VectorModality>
{
    /// <inheritdoc/>
    public override string Name => "vector";

    /// <inheritdoc/>
    public override string ExpectedType => VectorBinding.ExpectedType;

    /// <inheritdoc/>
    public override string InputTypes => "float[] or ReadOnlyMemory<float>";

    /// <inheritdoc/>
    public override bool Accepts(SchemaShape.Column column) => VectorBinding.Accepts(column);

    /// <inheritdoc/>
    protected override ModalityBinding Bind(VectorModality modality, DataViewSchema.Column column, DataViewSchema schema) => new VectorBinding(column);

    /// <inheritdoc/>
    protected override object? InputOf(Type type, VectorModality modality, int inputDimension) =>
        type == typeof(float[]) ? Input<float[]>(modality, inputDimension, values => values)
        : type == typeof(ReadOnlyMemory<float>) ? Input<ReadOnlyMemory<float>>(modality, inputDimension, values => values)
        : null;

    private static GeneratorInput<TInput> Input<TInput>(VectorModality modality, int dimension, Func<TInput, ReadOnlyMemory<float>> values) => new(
        [(modality.InputColumnName, new VectorDataViewType(NumberDataViewType.Single, dimension))],
        current => [GeneratorInput.Vector(() => values(current()))],
        input => values(input).Length is var length && length != dimension ? string.Create(CultureInfo.InvariantCulture, $"{length} of them") : null,
        string.Create(CultureInfo.InvariantCulture, $"{dimension} finite features"));
}
