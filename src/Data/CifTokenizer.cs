using System.Buffers;
using System.Text;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>Splits a CIF 1.1 file (https://www.iucr.org/resources/cif/spec/version1.1) into tokens.</summary>
internal ref struct CifTokenizer(LineReader lines)
{
    private const int LongestTextField = 1 << 24;

    private ReadOnlySpan<byte> _line;
    private int _position;
    private ArrayBufferWriter<byte>? _text;

    /// <summary>The lines that are read.</summary>
    public readonly LineReader Lines => lines;

    /// <summary>Kind of the token read last.</summary>
    public CifToken Kind { get; private set; }

    /// <summary>Tag or value of the token read last, without quotes; valid until the next call.</summary>
    public ReadOnlySpan<byte> Text { get; private set; }

    /// <summary>Reads the next token.</summary>
    public CifToken Read()
    {
        while (true)
        {
            while (_position < _line.Length && IsBlank(_line[_position]))
                _position++;
            if (_position < _line.Length && _line[_position] != '#')
                return Kind = Token();
            if (!lines.TryRead(out _line))
                return Kind = CifToken.End;
            _position = 0;
            if (_line.StartsWith(";"u8))
                return Kind = TextField();
        }
    }

    private CifToken Token()
    {
        var first = _line[_position];
        if (first is (byte)'\'' or (byte)'"')
            return Quoted(first);
        var start = _position;
        while (_position < _line.Length && !IsBlank(_line[_position]))
            _position++;
        Text = _line[start.._position];
        return first switch
        {
            (byte)'_' => CifToken.Tag,
            (byte)'?' or (byte)'.' when Text.Length == 1 => CifToken.Null,
            (byte)'d' or (byte)'D' when StartsWith("data_") => CifToken.Block,
            (byte)'l' or (byte)'L' when Text.Length == 5 && StartsWith("loop_") => CifToken.Loop,
            (byte)'s' or (byte)'S' when StartsWith("save_") => CifToken.Save,
            (byte)'s' or (byte)'S' when Text.Length == 5 && StartsWith("stop_") => throw lines.Error("'stop_' is not part of CIF"),
            (byte)'g' or (byte)'G' when Text.Length == 7 && StartsWith("global_") => throw lines.Error("'global_' is not part of CIF"),
            _ => CifToken.Value,
        };
    }

    // A quote ends at the same sign before a blank: 'O5'' is O5'.
    private CifToken Quoted(byte quote)
    {
        var start = _position + 1;
        for (var end = start; end < _line.Length; end++)
        {
            if (_line[end] != quote || (end + 1 < _line.Length && !IsBlank(_line[end + 1])))
                continue;
            Text = _line[start..end];
            _position = end + 1;
            return CifToken.Value;
        }
        throw lines.Error($"the quote that opens in column {start} is not closed in this line");
    }

    private CifToken TextField()
    {
        var opened = lines.LineNumber;
        _text ??= new ArrayBufferWriter<byte>();
        _text.ResetWrittenCount();
        _text.Write(_line[1..]);
        while (lines.TryRead(out _line))
        {
            if (_line.StartsWith(";"u8))
            {
                Text = _text.WrittenSpan;
                _position = 1;
                return CifToken.Value;
            }
            if (_text.WrittenCount + _line.Length >= LongestTextField)
                throw lines.Error($"the text field that opens in line {opened} is longer than the {LongestTextField} bytes that are allowed");
            _text.Write("\n"u8);
            _text.Write(_line);
        }
        throw lines.ErrorAt(opened, "the text field that opens here is not closed");
    }

    private readonly bool StartsWith(string word) => Text.Length >= word.Length && Ascii.EqualsIgnoreCase(Text[..word.Length], word);

    private static bool IsBlank(byte symbol) => symbol is (byte)' ' or (byte)'\t';
}
