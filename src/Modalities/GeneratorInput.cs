using Microsoft.ML.Data;

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

/// <summary>Makes the inputs that several kinds of modality share.</summary>
internal static class GeneratorInput
{
    /// <summary>A text as it is.</summary>
    public static GeneratorInput<string> Text(Modality modality, string expected) => new(
        [(modality.InputColumnName, TextDataViewType.Instance)],
        current => [(ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> value) => value = current().AsMemory())],
        _ => null, expected);

    /// <summary>A getter of a vector whose values are copied.</summary>
    public static ValueGetter<VBuffer<T>> Vector<T>(Func<ReadOnlyMemory<T>> values) => (ref VBuffer<T> value) =>
    {
        var source = values().Span;
        var editor = VBufferEditor.Create(ref value, source.Length);
        source.CopyTo(editor.Values);
        value = editor.Commit();
    };
}
