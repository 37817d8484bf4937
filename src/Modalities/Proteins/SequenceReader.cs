namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>The current row's sequence as tokens.</summary>
internal sealed class SequenceReader(ValueGetter<ReadOnlyMemory<char>> getter, Esm2UnknownResidues unknown) : ExampleReader
{
    private ReadOnlyMemory<char> _text;
    private byte[] _tokens = [];
    private int _count;
    private string _problem = "";

    /// <summary>The residues of the current row, without beginning and end.</summary>
    public ReadOnlySpan<byte> Tokens => _tokens.AsSpan(0, _count);

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Content => Tokens;

    /// <inheritdoc/>
    public override string Problem => _problem.TrimEnd('.');

    /// <inheritdoc/>
    public override Presence Read()
    {
        getter(ref _text);
        if (_text.Span.IsWhiteSpace()) // true for empty text
            return Presence.Absent;
        if (_tokens.Length < _text.Length)
            _tokens = new byte[Math.Max(_text.Length, 2 * _tokens.Length)];
        return Esm2Alphabet.TryEncode(_text.Span, unknown, _tokens, out _count, out _problem) ? Presence.Present : Presence.Invalid;
    }
}
