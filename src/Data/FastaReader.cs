using System.Buffers;
using System.Text;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>
/// Reads FASTA, a2m and a3m files of protein sequences record by record; memory is bounded by the longest record. Lines that begin with
/// ';' or '#' are comments; in files of Pearson's old format, which have no '>', the first line with a ';' is the header.
/// </summary>
internal sealed class FastaReader
{
    /// <summary>Longest line: a whole sequence often stands in one.</summary>
    public const int MaximumLineLength = 1 << 24;

    private const int MaximumLength = 1 << 28;

    private readonly LineReader _lines;
    private readonly ProteinFileNotes _notes;
    private readonly FastaSequence _sequence;
    private readonly bool _keepsGoodRecords;
    private ArrayBufferWriter<byte> _header = new();
    private ArrayBufferWriter<byte> _nextHeader = new();
    private bool _hasBegun;
    private bool _isOpen;
    private bool _hasNext;
    private bool _isPearson;
    private long _headerLine;

    /// <summary>A reader of a file.</summary>
    /// <param name="lines">The file.</param>
    /// <param name="options">Settings.</param>
    /// <param name="notes">Receives what was left out or changed.</param>
    public FastaReader(LineReader lines, FastaLoadOptions options, ProteinFileNotes notes) =>
        (_lines, _notes, _sequence, _keepsGoodRecords) = (lines, notes, new(options), options.BadFiles == BadFileHandling.Skip);

    /// <summary>Letters of the record, ASCII; valid until the next call of <see cref="TryRead"/>.</summary>
    public ReadOnlySpan<byte> Sequence => _sequence.Letters;

    /// <summary>First word of the header; may be empty.</summary>
    public string Identifier => Encoding.UTF8.GetString(Header[..IdentifierLength]);

    /// <summary>The rest of the header; may be empty.</summary>
    public string Description => Encoding.UTF8.GetString(Header[IdentifierLength..].TrimStart(" \t"u8));

    private ReadOnlySpan<byte> Header => _header.WrittenSpan;

    private int IdentifierLength => Header.IndexOfAny(" \t"u8) is var blank and >= 0 ? blank : Header.Length;

    /// <summary>Reads the next record that has a sequence.</summary>
    /// <exception cref="InvalidDataException">The file is broken; the message names file, line and reason.</exception>
    public bool TryRead()
    {
        if (!_hasBegun)
            FindFirst();
        while (_isOpen || _hasNext)
        {
            if (!_isOpen)
                Open();
            ReadLines();
            _isOpen = false;
            if (IsWanted())
                return true;
        }
        return false;
    }

    private void FindFirst()
    {
        _hasBegun = true;
        while (!_hasNext && _lines.TryRead(out var line))
        {
            line = line.TrimStart((byte)0);
            if (line.StartsWith(">"u8))
            {
                SetNext(line);
            }
            else if (line.StartsWith(";"u8))
            {
                if (_nextHeader.WrittenCount == 0)
                    SetNext(line);
                _hasNext = false; // a comment, unless a sequence follows
                _isPearson = true;
            }
            else if (_isPearson && FastaSequence.IsSequence(line))
            {
                Open();
                _isOpen = true;
                Append(line);
                return;
            }
            else if (!line.StartsWith("#"u8) && !FastaSequence.IsBlank(line))
            {
                Refuse(_lines.Error($"expected '>' before the first sequence, found {Field.Quote(line)}"));
            }
        }
        _isPearson = false;
        if (!_hasNext)
            throw _lines.ErrorAt(0, "the file has no sequence");
    }

    private void SetNext(ReadOnlySpan<byte> line)
    {
        _nextHeader.ResetWrittenCount();
        _nextHeader.Write(line[1..].Trim(" \t"u8));
        (_hasNext, _headerLine) = (true, _lines.LineNumber);
    }

    private void Open()
    {
        (_header, _nextHeader, _hasNext) = (_nextHeader, _header, false);
        _sequence.Clear();
    }

    private void ReadLines()
    {
        while (_lines.TryRead(out var line))
        {
            if (line.IsEmpty)
                continue;
            if (line[0] == 0)
                line = line.TrimStart((byte)0); // between the parts of an a3m file of several queries
            if (line.StartsWith(">"u8) || (_isPearson && line.StartsWith(";"u8) && _sequence.HasBegun))
            {
                SetNext(line);
                return;
            }
            if (!line.StartsWith(";"u8) && !line.StartsWith("#"u8))
                Append(line);
        }
    }

    private void Append(ReadOnlySpan<byte> line)
    {
        if (_sequence.IsBad)
            return;
        if (_sequence.Append(line) is { } problem)
            Refuse(_lines.Error(problem));
        else if (_sequence.Letters.Length > MaximumLength)
            Refuse(_lines.Error(FormattableString.Invariant($"'{Identifier}' is longer than the {MaximumLength} residues that are allowed")));
    }

    private void Refuse(InvalidDataException problem)
    {
        if (!_keepsGoodRecords)
            throw problem;
        _sequence.IsBad = true;
        _notes.Add(ProteinFileRemark.BadRecord, problem.Message);
    }

    private bool IsWanted()
    {
        if (_sequence.IsBad)
            return false;
        if (_sequence.HasInnerStop)
            _notes.Add(ProteinFileRemark.InnerStop, $"'{Identifier}' has a stop before its end");
        if (_sequence.IsLeftOut)
            return false;
        if (_sequence.Letters.IsEmpty)
        {
            _notes.Add(ProteinFileRemark.EmptyRecord, $"'{Identifier}' has no sequence");
            return false;
        }
        if (_sequence.IsAligned)
            _notes.Add(ProteinFileRemark.AlignedRecord);
        if (_sequence.HasUnknownSign)
            _notes.Add(ProteinFileRemark.UnknownSign, $"'{Identifier}' has '?' where a residue is not known");
        if (_sequence.HasPositions)
            _notes.Add(ProteinFileRemark.PositionNumbers, $"'{Identifier}' has numbers of positions");
        if (Header.IsEmpty)
            _notes.Add(ProteinFileRemark.RecordWithoutIdentifier, FormattableString.Invariant($"a record before line {_headerLine + 1} has no identifier"));
        return true;
    }
}
