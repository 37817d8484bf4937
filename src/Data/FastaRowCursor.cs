using System.Text;
using Microsoft.ML.Data;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>Reads the files of a view one after another, a record at a time.</summary>
internal sealed class FastaRowCursor(FastaDataView view, bool[] active) : DataViewRowCursor
{
    private const int RowsPerReport = 1 << 16, RowsPerLook = 1 << 10;

    private readonly List<ProteinFileNotes> _notes = [];
    private LineReader? _lines;
    private FastaReader? _reader;
    private long _position = -1;
    private int _skippedFiles;
    private bool _ended;

    /// <inheritdoc/>
    public override DataViewSchema Schema => view.Schema;

    /// <inheritdoc/>
    public override long Position => _position;

    /// <summary>Always 0: the rows come from one cursor, in order.</summary>
    public override long Batch => 0;

    /// <inheritdoc/>
    public override bool IsColumnActive(DataViewSchema.Column column) => active[view.CheckedIndex(column)];

    /// <inheritdoc/>
    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        var index = view.CheckedIndex(column);
        if (!active[index])
            throw new InvalidOperationException($"Column '{column.Name}' is not active: it was not among the columns that the cursor was asked for.");
        ValueGetter<ReadOnlyMemory<char>> getter = index switch
        {
            FastaDataView.File => (ref ReadOnlyMemory<char> value) => value = Row() is null ? default : _notes[^1].File.AsMemory(),
            FastaDataView.Identifier => (ref ReadOnlyMemory<char> value) => value = Row().Identifier.AsMemory(),
            FastaDataView.Description => (ref ReadOnlyMemory<char> value) => value = Row().Description.AsMemory(),
            _ => (ref ReadOnlyMemory<char> value) => value = Encoding.ASCII.GetString(Row().Sequence).AsMemory(),
        };
        return getter as ValueGetter<TValue>
            ?? throw new InvalidOperationException($"Column '{column.Name}' holds {column.Type.RawType}, but a getter of {typeof(TValue)} was asked for.");
    }

    /// <inheritdoc/>
    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) =>
    {
        Row();
        id = new((ulong)_position, 0);
    };

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        while (!_ended)
        {
            try
            {
                if (_reader is null && !OpenNext())
                    break;
                while (_reader!.TryRead())
                {
                    if (!view.Options.Admits(_reader.Sequence.Length))
                    {
                        _notes[^1].Add(ProteinFileRemark.OtherLength);
                        continue;
                    }
                    _position++;
                    if (++_notes[^1].Rows % RowsPerLook == 0)
                        Look();
                    return true;
                }
                if (_lines!.HasBytesBehind)
                    _notes[^1].Add(ProteinFileRemark.BytesBehindGzip);
            }
            catch (Exception problem) when (
                view.Options.BadFiles == BadFileHandling.Skip && problem is (InvalidDataException or IOException or UnauthorizedAccessException))
            {
                _notes[^1].Problem = problem.Message;
                _skippedFiles++;
            }
            catch
            {
                End();
                throw;
            }
            Close();
            Report(_notes.Count);
        }
        if (!_ended)
        {
            End();
            view.Complete(_notes);
        }
        return false;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            End();
        base.Dispose(disposing);
    }

    private FastaReader Row() => _position >= 0 && _reader is not null
        ? _reader
        : throw new InvalidOperationException("The cursor is on no row: call MoveNext first, and stop when it says false.");

    private bool OpenNext()
    {
        if (_notes.Count == view.Files.Count)
            return false;
        if (view.IsCanceled)
            throw new OperationCanceledException("The host was told to stop.");
        var notes = new ProteinFileNotes(view.Files[_notes.Count]);
        _notes.Add(notes);
        _lines = view.Open(notes.File);
        _reader = new FastaReader(_lines, view.Options, notes);
        return true;
    }

    private void Look()
    {
        if (view.IsCanceled)
            throw new OperationCanceledException("The host was told to stop.");
        view.Options.CancellationToken.ThrowIfCancellationRequested();
        if (_notes[^1].Rows % RowsPerReport == 0)
            Report(_notes.Count - 1);
    }

    private void Report(int files) =>
        view.Options.Progress?.Report(new(files, view.Files.Count, _position + 1, _skippedFiles));

    private void End()
    {
        _ended = true;
        _position = -1;
        Close();
    }

    private void Close()
    {
        _lines?.Dispose();
        (_lines, _reader) = (null, null);
    }
}
