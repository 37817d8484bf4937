using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>How a type of .NET becomes a row of the columns that a modality reads, so that both ways to embed share one reader.</summary>
/// <typeparam name="TInput">Type of an input.</typeparam>
/// <param name="Columns">Names and types, the modality's input column first.</param>
/// <param name="Getters">The value of each, as a getter of its raw type, of whatever the function returns then.</param>
/// <param name="Check">Says what is wrong with an input before it is read, in words, or null.</param>
/// <param name="Expected">What an input has to be, in words.</param>
internal sealed record GeneratorInput<TInput>(
    IReadOnlyList<(string Name, DataViewType Type)> Columns,
    Func<Func<TInput>, IReadOnlyList<Delegate>> Getters,
    Func<TInput, string?> Check,
    string Expected);

/// <summary>The types that modalities take.</summary>
internal static class GeneratorInput
{
    /// <summary>The names of the types that a modality takes.</summary>
    public static string TypesOf(Modality modality) => modality switch
    {
        TextModality or ProteinSequenceModality => "string",
        VectorModality => "float[] or ReadOnlyMemory<float>",
        ImageModality => "MLImage, byte[] or ReadOnlyMemory<byte> (a picture file)",
        ProteinStructureModality => nameof(AlphaCarbonTrace),
        _ => "none",
    };

    /// <summary>How a type is read as a modality; null where it cannot be.</summary>
    /// <param name="modality">The modality.</param>
    /// <param name="inputDimension">Features of a vector.</param>
    public static GeneratorInput<TInput>? Of<TInput>(Modality modality, int inputDimension)
    {
        object? found = (modality, typeof(TInput)) switch
        {
            (TextModality, var type) when type == typeof(string) => Text(modality, "a text with at least one visible character"),
            (ProteinSequenceModality, var type) when type == typeof(string) => Text(modality, "an amino-acid sequence, one letter a residue"),
            (VectorModality, var type) when type == typeof(float[]) => Vector<float[]>(modality, inputDimension, values => values),
            (VectorModality, var type) when type == typeof(ReadOnlyMemory<float>) => Vector<ReadOnlyMemory<float>>(modality, inputDimension, values => values),
            (ImageModality, var type) when type == typeof(MLImage) => Image(modality),
            (ImageModality, var type) when type == typeof(byte[]) => Encoded<byte[]>(modality, file => file),
            (ImageModality, var type) when type == typeof(ReadOnlyMemory<byte>) => Encoded<ReadOnlyMemory<byte>>(modality, file => file),
            (ProteinStructureModality structure, var type) when type == typeof(AlphaCarbonTrace) => Structure(structure),
            _ => null,
        };
        return (GeneratorInput<TInput>?)found;
    }

    private static GeneratorInput<string> Text(Modality modality, string expected) => new(
        [(modality.InputColumnName, TextDataViewType.Instance)],
        current => [(ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> value) => value = current().AsMemory())],
        _ => null, expected);

    private static GeneratorInput<TInput> Vector<TInput>(Modality modality, int dimension, Func<TInput, ReadOnlyMemory<float>> values)
    {
        var expected = string.Create(CultureInfo.InvariantCulture, $"{dimension} finite features");
        return new(
            [(modality.InputColumnName, new VectorDataViewType(NumberDataViewType.Single, dimension))],
            current => [(ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => Copy(values(current()).Span, ref value))],
            input => values(input).Length is var length && length != dimension ? string.Create(CultureInfo.InvariantCulture, $"{length} of them") : null,
            expected);
    }

    private static GeneratorInput<MLImage> Image(Modality modality) => new(
        [(modality.InputColumnName, new ImageDataViewType())],
        current => [(ValueGetter<MLImage>)((ref MLImage value) => value = current())],
        _ => null, "an image of 32 bits a pixel");

    private static GeneratorInput<TInput> Encoded<TInput>(Modality modality, Func<TInput, ReadOnlyMemory<byte>> file) => new(
        [(modality.InputColumnName, new VectorDataViewType(NumberDataViewType.Byte))],
        current => [(ValueGetter<VBuffer<byte>>)((ref VBuffer<byte> value) => Copy(file(current()).Span, ref value))],
        input => file(input).IsEmpty ? "no bytes" : null, "the content of a picture file, whole and undamaged");

    private static GeneratorInput<AlphaCarbonTrace> Structure(ProteinStructureModality modality)
    {
        var coordinates = (modality.InputColumnName, (DataViewType)new VectorDataViewType(NumberDataViewType.Single));
        return new(
            modality.SequenceColumnName is { } name ? [coordinates, (name, TextDataViewType.Instance)] : [coordinates],
            current =>
            [
                (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => Copy(current().Coordinates.Span, ref value)),
                (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> value) => value = current().Sequence.AsMemory()),
            ],
            _ => null, "finite coordinates, three for each alpha carbon");
    }

    private static void Copy<T>(ReadOnlySpan<T> source, ref VBuffer<T> value)
    {
        var editor = VBufferEditor.Create(ref value, source.Length);
        source.CopyTo(editor.Values);
        value = editor.Commit();
    }
}
