using System.Buffers;
using System.Text;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>Gathers the letters of one FASTA record from its lines.</summary>
internal sealed class FastaSequence(FastaLoadOptions options)
{
    private const byte EndOfDosFile = 0x1A;

    private static readonly SearchValues<byte> Signs = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz*-.~? \t"u8);
    private static readonly SearchValues<byte> Blanks = SearchValues.Create([(byte)' ', (byte)'\t', EndOfDosFile]);

    private readonly ArrayBufferWriter<byte> _letters = new();
    private int _stops;

    /// <summary>The letters so far.</summary>
    public ReadOnlySpan<byte> Letters => _letters.WrittenSpan;

    /// <summary>Whether a line that is not blank was there.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether a line was damaged.</summary>
    public bool IsBad { get; set; }

    /// <summary>Whether a stop stands before the last residue.</summary>
    public bool HasInnerStop { get; private set; }

    /// <summary>Whether the stop costs the record.</summary>
    public bool IsLeftOut => HasInnerStop && options.InnerStops == FastaStopHandling.LeaveOut;

    /// <summary>Whether gaps or insertions were taken out.</summary>
    public bool IsAligned { get; private set; }

    /// <summary>Whether a '?' became an X.</summary>
    public bool HasUnknownSign { get; private set; }

    /// <summary>Whether numbers of positions were taken out.</summary>
    public bool HasPositions { get; private set; }

    /// <summary>Whether a line can be one of a sequence.</summary>
    public static bool IsSequence(ReadOnlySpan<byte> line) => !IsBlank(line) && line.IndexOfAnyExcept(Signs) < 0;

    /// <summary>Whether a line holds nothing but blanks, or the sign with which files of DOS end.</summary>
    public static bool IsBlank(ReadOnlySpan<byte> line) => line.IndexOfAnyExcept(Blanks) < 0;

    /// <summary>Begins the next record.</summary>
    public void Clear()
    {
        _letters.ResetWrittenCount();
        _stops = 0;
        (HasBegun, IsBad, HasInnerStop, IsAligned, HasUnknownSign, HasPositions) = (false, false, false, false, false, false);
    }

    /// <summary>Appends a line.</summary>
    /// <returns>What is wrong with it, or null.</returns>
    public string? Append(ReadOnlySpan<byte> line)
    {
        if (_stops == 0 && line.IndexOfAnyExceptInRange((byte)'A', (byte)'Z') < 0)
        {
            HasBegun = true;
            _letters.Write(line);
            return null;
        }
        return AppendSigns(line);
    }

    private string? AppendSigns(ReadOnlySpan<byte> line)
    {
        if (IsBlank(line))
            return null;
        HasBegun = true;
        var isPlain = _stops == 0 && options.Insertions == FastaInsertionHandling.Keep;
        if (isPlain && line[0] is >= (byte)'a' and <= (byte)'z' && line.IndexOfAnyExceptInRange((byte)'a', (byte)'z') < 0)
        {
            Ascii.ToUpper(line, _letters.GetSpan(line.Length), out var written);
            _letters.Advance(written);
            return null;
        }
        for (var i = 0; i < line.Length; i++)
        {
            var sign = line[i];
            switch (sign)
            {
                case >= (byte)'A' and <= (byte)'Z':
                    Add(sign);
                    break;
                case >= (byte)'a' and <= (byte)'z':
                    if (options.Insertions == FastaInsertionHandling.Keep)
                        Add((byte)(sign & ~0x20));
                    else
                        IsAligned = true;
                    break;
                case (byte)'?':
                    HasUnknownSign = true;
                    Add((byte)'X');
                    break;
                case (byte)'*':
                    _stops++;
                    break;
                case (byte)'-' or (byte)'.' or (byte)'~':
                    AddGap(sign);
                    break;
                case (byte)' ' or (byte)'\t':
                    break;
                case >= (byte)'0' and <= (byte)'9' when PositionLength(line, i) is var length and > 0:
                    HasPositions = true;
                    i += length - 1;
                    break;
                default:
                    return FormattableString.Invariant($"column {i + 1} holds {Field.Quote(line.Slice(i, 1))}, expected a letter from A to Z");
            }
        }
        return null;
    }

    private void Add(byte letter)
    {
        if (_stops > 0)
        {
            HasInnerStop = true;
            if (options.InnerStops == FastaStopHandling.Cut)
                return;
            for (; _stops > 0; _stops--)
                Write((byte)'X');
        }
        Write(letter);
    }

    private void AddGap(byte sign)
    {
        var isKept = options.Gaps == FastaGapHandling.Keep && (sign != '.' || options.Insertions == FastaInsertionHandling.Keep);
        IsAligned |= !isKept;
        if (isKept && (_stops == 0 || options.InnerStops != FastaStopHandling.Cut))
            Write((byte)'-');
    }

    private void Write(byte letter)
    {
        _letters.GetSpan(1)[0] = letter;
        _letters.Advance(1);
    }

    // Digits that stand apart, as in the numbered blocks of GenBank, are positions; within letters they are an error.
    private static int PositionLength(ReadOnlySpan<byte> line, int at)
    {
        var length = line[at..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (length < 0)
            length = line.Length - at;
        var (end, isApart) = (at + length, at == 0 || line[at - 1] is (byte)' ' or (byte)'\t');
        return isApart && (end == line.Length || line[end] is (byte)' ' or (byte)'\t') ? length : 0;
    }
}
