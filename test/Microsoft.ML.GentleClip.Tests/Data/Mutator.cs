using System.Text;

namespace Microsoft.ML.GentleClip.Tests.Data;

/// <summary>Breaks texts in the ways in which files break; the seed decides how.</summary>
internal sealed class Mutator(int seed)
{
    private static readonly byte[][] Tokens = [.. new[]
    {
        "nan", "inf", "1e400", "-0", "99999999999999999999", "", " ", "'", "\"", ";", "\n;", "\r", "\n", "\t", "?", ".", "#", "loop_", "data_", "save_",
            "_atom_site.", "_a.b", ">", "*",
        "ATOM  ", "HETATM", "TER", "END", "ENDMDL", "MODEL ", "SEQRES", "MODRES", "CA", "MSE", "zzzz", "A000", "\0", "\uFEFF", "é",
    }.Select(Encoding.UTF8.GetBytes)];

    private readonly Random _random = new(seed);

    /// <summary>One to eight changes of a copy.</summary>
    public byte[] Mutate(byte[] text, byte[] other)
    {
        var bytes = text.ToList();
        for (var changes = 1 + _random.Next(8); changes > 0 && bytes.Count > 0; changes--)
            Change(bytes, other);
        return [.. bytes];
    }

    private void Change(List<byte> bytes, byte[] other)
    {
        var at = _random.Next(bytes.Count);
        switch (_random.Next(9))
        {
            case 0: // another bit
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1: // another byte
                bytes[at] = (byte)_random.Next(256);
                break;
            case 2: // a line less
                var (start, length) = Line(bytes, at);
                bytes.RemoveRange(start, length);
                break;
            case 3: // a line twice, somewhere
                (start, length) = Line(bytes, at);
                bytes.InsertRange(Line(bytes, _random.Next(bytes.Count)).Start, bytes.GetRange(start, length));
                break;
            case 4: // cut off
                if (_random.Next(4) == 0)
                    bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 5: // a piece less
                bytes.RemoveRange(at, Math.Min(_random.Next(1, 20), bytes.Count - at));
                break;
            case 6: // a piece of another file
                var from = _random.Next(other.Length);
                bytes.InsertRange(at, other[from..Math.Min(other.Length, from + _random.Next(1, 200))]);
                break;
            case 7: // something that means something
                bytes.InsertRange(at, Tokens[_random.Next(Tokens.Length)]);
                break;
            default: // another number
                for (var i = at; i < bytes.Count && i < at + 8; i++)
                    if (char.IsAsciiDigit((char)bytes[i]))
                        bytes[i] = (byte)('0' + _random.Next(10));
                break;
        }
    }

    private static (int Start, int Length) Line(List<byte> bytes, int at)
    {
        var start = at == 0 ? 0 : bytes.LastIndexOf((byte)'\n', at - 1) + 1;
        var end = bytes.IndexOf((byte)'\n', at);
        return (start, (end < 0 ? bytes.Count : end + 1) - start);
    }
}
