using System.Runtime.InteropServices;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>The current row's text; empty, blank and made of only control characters is absent.</summary>
internal sealed class TextColumnReader(ValueGetter<ReadOnlyMemory<char>> getter) : ExampleReader
{
    private ReadOnlyMemory<char> _text;

    /// <summary>The text.</summary>
    public ReadOnlySpan<char> Text => _text.Span;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Content => MemoryMarshal.AsBytes(Text);

    /// <inheritdoc/>
    public override string Problem => ""; // any text can be encoded

    /// <inheritdoc/>
    public override Presence Read()
    {
        getter(ref _text);
        return TextWords.IsBlank(_text.Span) ? Presence.Absent : Presence.Present;
    }
}
