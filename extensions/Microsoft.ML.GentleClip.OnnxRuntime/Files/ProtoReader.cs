namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>Walks the fields of a message of protocol buffers without copying.</summary>
internal ref struct ProtoReader(ReadOnlySpan<byte> content)
{
    private ReadOnlySpan<byte> _rest = content;

    /// <summary>The next field: the bytes of texts and messages, nothing for numbers. False at the end.</summary>
    /// <exception cref="FormatException">The message is damaged.</exception>
    public bool Next(out int field, out ReadOnlySpan<byte> value)
    {
        field = 0;
        value = default;
        if (_rest.IsEmpty)
            return false;
        var tag = Varint();
        field = (int)(tag >> 3);
        if (field == 0)
            throw new FormatException("a field has the number 0");
        switch (tag & 7)
        {
            case 0:
                Varint();
                return true;
            case 1:
                Take(sizeof(ulong));
                return true;
            case 2:
                var length = Varint();
                value = Take(length <= int.MaxValue ? (int)length : int.MaxValue);
                return true;
            case 5:
                Take(sizeof(uint));
                return true;
            default:
                throw new FormatException($"a field has the wire type {tag & 7}");
        }
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _rest.Length)
            throw new FormatException($"a field of {length} bytes, with {_rest.Length} left");
        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }

    private ulong Varint()
    {
        const int longest = 10;
        var value = 0UL;
        for (var i = 0; i < longest && i < _rest.Length; i++)
        {
            value |= (ulong)(_rest[i] & 0x7f) << (7 * i);
            if (_rest[i] < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return value;
            }
        }
        throw new FormatException("a number without an end");
    }
}
