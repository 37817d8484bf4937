using System.Buffers;
using System.Text;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>
/// Reads FASTA files of protein sequences. Lower case becomes upper case, blanks are passed over, a '*' may end a sequence, and lines
/// that begin with ';' are comments.
/// </summary>
internal static class FastaReader
{
    /// <summary>Longest line: a whole sequence often stands in one.</summary>
    public const int MaximumLineLength = 1 << 24;

    /// <summary>Reads the whole file.</summary>
    /// <exception cref="InvalidDataException">The file is broken; the message names file, line and reason.</exception>
    public static List<FastaRecord> Read(LineReader lines)
    {
        var records = new List<FastaRecord>();
        var sequence = new ArrayBufferWriter<byte>();
        (string Identifier, string Description)? header = null;
        var (headerLine, hasEnded) = (0L, false);
        while (lines.TryRead(out var line))
        {
            if (line.StartsWith(";"u8))
                continue;
            if (line.StartsWith(">"u8))
            {
                Finish();
                (header, headerLine, hasEnded) = (Header(line[1..], lines), lines.LineNumber, false);
            }
            else if (header is not null)
            {
                Append(line, sequence, lines, ref hasEnded);
            }
            else if (!line.Trim(" \t"u8).IsEmpty)
            {
                throw lines.Error($"expected '>' before the first sequence, found {Field.Quote(line)}");
            }
        }
        Finish();
        return records.Count > 0 ? records : throw lines.ErrorAt(0, "the file has no sequence");

        void Finish()
        {
            if (header is null)
                return;
            if (sequence.WrittenCount == 0)
                throw lines.ErrorAt(headerLine, $"'{header.Value.Identifier}' has no sequence");
            records.Add(new FastaRecord(header.Value.Identifier, header.Value.Description, Encoding.ASCII.GetString(sequence.WrittenSpan)));
            sequence.ResetWrittenCount();
        }
    }

    private static (string Identifier, string Description) Header(ReadOnlySpan<byte> header, LineReader lines)
    {
        header = header.Trim(" \t"u8);
        if (header.IsEmpty)
            throw lines.Error("expected an identifier behind '>', found none");
        var blank = header.IndexOfAny(" \t"u8);
        return blank < 0
            ? (Encoding.UTF8.GetString(header), "")
            : (Encoding.UTF8.GetString(header[..blank]), Encoding.UTF8.GetString(header[blank..].TrimStart(" \t"u8)));
    }

    private static void Append(ReadOnlySpan<byte> line, ArrayBufferWriter<byte> sequence, LineReader lines, ref bool hasEnded)
    {
        if (line.IsEmpty)
            return;
        var letters = sequence.GetSpan(line.Length);
        var count = 0;
        for (var i = 0; i < line.Length; i++)
        {
            var symbol = line[i];
            var upper = (byte)(symbol & ~0x20);
            if (upper is >= (byte)'A' and <= (byte)'Z' && !hasEnded)
                letters[count++] = upper;
            else if (symbol == '*' && !hasEnded)
                hasEnded = true;
            else if (symbol is not ((byte)' ' or (byte)'\t'))
                throw lines.Error($"column {i + 1} holds {Field.Quote(line.Slice(i, 1))}, expected {(hasEnded ? "nothing behind the '*' that ends a sequence" : "a letter from A to Z")}");
        }
        sequence.Advance(count);
    }
}
