using System.Runtime.InteropServices;
using System.Text;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>Strings of a file that come again and again, residue names and chain ids: equal bytes give the same object.</summary>
internal sealed class TextPool
{
    private readonly Dictionary<ulong, string> _short = [];
    private readonly Dictionary<string, string> _long = new(StringComparer.Ordinal);

    /// <summary>The text of the bytes.</summary>
    public string Get(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length <= sizeof(ulong))
        {
            ulong key = 0; // no text holds the byte 0, so the length need not be part of the key
            bytes.CopyTo(MemoryMarshal.AsBytes(new Span<ulong>(ref key)));
            if (!_short.TryGetValue(key, out var known))
                _short.Add(key, known = Encoding.UTF8.GetString(bytes));
            return known;
        }
        var text = Encoding.UTF8.GetString(bytes);
        if (!_long.TryGetValue(text, out var same))
            _long.Add(text, same = text);
        return same;
    }
}
