using System.Runtime.InteropServices;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>Breaks files in the ways in which files break, and in those in which somebody would break them.</summary>
internal sealed class ByteMutator(Random random, byte[][] tokens)
{
    private static readonly long[] Interesting =
    [
        0, 1, -1, 2, 7, 8, 16, 64, 127, 128, 255, 256, 1000, 4096, short.MaxValue, short.MinValue, ushort.MaxValue, 1 << 20, 100_000_000, int.MaxValue,
            int.MinValue, uint.MaxValue, 1L << 32, 1L << 40, long.MaxValue, long.MinValue,
    ];

    /// <summary>A number that readers stumble over, as text.</summary>
    public static string InterestingNumber(Random random) => random.Next(8) switch
    {
        0 => "1e400",
        1 => "-0.0",
        2 => "0.5",
        3 => "99999999999999999999",
        4 => "1e-9",
        _ => Interesting[random.Next(Interesting.Length)].ToString(System.Globalization.CultureInfo.InvariantCulture),
    };

    /// <summary>One to four changes of a copy.</summary>
    /// <param name="file">The file.</param>
    /// <param name="other">Another, for pieces of it.</param>
    /// <param name="range">Changes begin in so many bytes at the front.</param>
    public byte[] Mutate(byte[] file, byte[] other, int range = int.MaxValue)
    {
        var bytes = file.ToList();
        for (var changes = random.Next(1, 5); changes > 0 && bytes.Count > 0; changes--)
            Change(bytes, other, range);
        return [.. bytes];
    }

    private void Change(List<byte> bytes, byte[] other, int range)
    {
        var at = random.Next(Math.Min(bytes.Count, range));
        switch (random.Next(12))
        {
            case 0: // a bit
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1: // a byte
                bytes[at] = (byte)random.Next(256);
                break;
            case 2: // a number, as lengths and offsets are written
            case 3:
                var number = BitConverter.GetBytes(Interesting[random.Next(Interesting.Length)]).AsSpan(0, Math.Min(1 << random.Next(4), bytes.Count - at));
                number.CopyTo(CollectionsMarshal.AsSpan(bytes)[at..]);
                break;
            case 4: // one more or less
                bytes[at] += (byte)(random.Next(2) == 0 ? 1 : 255);
                break;
            case 5: // cut off
                if (random.Next(3) == 0)
                    bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 6: // a piece less
                bytes.RemoveRange(at, Math.Min(random.Next(1, 40), bytes.Count - at));
                break;
            case 7: // a piece twice
                bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, Math.Min(random.Next(1, 200), bytes.Count - at)));
                break;
            case 8: // a piece of another file
                var from = random.Next(other.Length);
                bytes.InsertRange(at, other[from..Math.Min(other.Length, from + random.Next(1, 300))]);
                break;
            case 9: // digits
                for (var i = at; i < bytes.Count && i < at + 8; i++)
                    if (char.IsAsciiDigit((char)bytes[i]))
                        bytes[i] = (byte)('0' + random.Next(10));
                break;
            default: // something that means something here
                bytes.InsertRange(at, tokens[random.Next(tokens.Length)]);
                break;
        }
    }
}
