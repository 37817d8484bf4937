using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>
/// Sequences of FASTA files as rows. Nothing is kept: each cursor reads the files anew, so their size does not matter. Any number of
/// cursors may walk over it at once.
/// </summary>
internal sealed class FastaDataView : IDataView
{
    /// <summary>Columns.</summary>
    public const int File = 0, Identifier = 1, Description = 2, Sequence = 3;

    private readonly IHostEnvironment _env;
    private readonly Lock _gate = new();
    private long? _rowCount;

    /// <summary>A view of these files.</summary>
    /// <exception cref="InvalidDataException">A file is of another format, and such files are not to be skipped.</exception>
    /// <exception cref="IOException">A file cannot be read, and such files are not to be skipped.</exception>
    public FastaDataView(IHostEnvironment env, IReadOnlyList<string> files, FastaLoadOptions options)
    {
        (_env, Files, Options) = (env, files, options.Copy());
        var schema = new DataViewSchema.Builder();
        foreach (var name in new[] { nameof(File), nameof(Identifier), nameof(Description), nameof(Sequence) })
            schema.AddColumn(name, TextDataViewType.Instance);
        Schema = schema.ToSchema();
        _rowCount = files.Count == 0 ? 0 : null;
        foreach (var file in options.BadFiles == BadFileHandling.Throw ? files : [])
        {
            using var lines = Open(file);
            if (lines.Peek().IsEmpty)
                throw lines.ErrorAt(0, "the file has no sequence");
        }
    }

    /// <summary>The files.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Settings.</summary>
    public FastaLoadOptions Options { get; }

    /// <inheritdoc/>
    public DataViewSchema Schema { get; }

    /// <summary>Always false: the rows keep their order. <c>mlContext.Data.ShuffleRows</c> shuffles through a pool.</summary>
    public bool CanShuffle => false;

    /// <summary>Whether the host was told to stop.</summary>
    public bool IsCanceled => HostSettings.IsCanceled(_env);

    /// <summary>Null until a cursor has come to the end.</summary>
    public long? GetRowCount()
    {
        lock (_gate)
            return _rowCount;
    }

    /// <inheritdoc/>
    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        var active = new bool[Schema.Count];
        foreach (var column in columnsNeeded)
            active[CheckedIndex(column)] = true;
        return new FastaRowCursor(this, active);
    }

    /// <summary>One cursor: the files follow one another, and a set may be smaller than asked for.</summary>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    /// <summary>The column's index, if the column can be one of this view.</summary>
    public int CheckedIndex(DataViewSchema.Column column) =>
        column.Index < Schema.Count && column.Name == Schema[column.Index].Name
            ? column.Index
            : throw new ArgumentException(
                $"Column '{column.Name}' with index {column.Index} is not a column of this view, which has {Schema.Count} columns.", nameof(column));

    /// <summary>Opens a file.</summary>
    public LineReader Open(string file) => ProteinFile.Open(file, Options, FastaReader.MaximumLineLength, allowsZeros: true);

    /// <summary>A cursor has come to the end; the first that does tells what it found.</summary>
    public void Complete(IReadOnlyList<ProteinFileNotes> files)
    {
        lock (_gate)
        {
            if (_rowCount is not null)
                return;
            _rowCount = files.Sum(file => file.Rows);
        }
        ProteinFileLog.Write(_env, files, Options);
    }
}
