namespace Microsoft.ML.GentleClip;

/// <summary>
/// Collects what loads of protein files left out, merged, renamed, moved or split; give it to <see cref="ProteinFileOptions.Report"/>.
/// Structures are in it when <c>LoadProteinStructures</c> returns, a FASTA file when a cursor has first come to its end.
/// </summary>
public sealed class ProteinFileReport
{
    private readonly Lock _gate = new();
    private readonly List<ProteinFileNotes> _files = [];
    private readonly ProteinFileNotes _total = new();

    /// <summary>Of each file, in the order of the files.</summary>
    public IReadOnlyList<ProteinFileNotes> Files
    {
        get
        {
            lock (_gate)
                return [.. _files];
        }
    }

    /// <summary>The sum over all files.</summary>
    public ProteinFileNotes Total
    {
        get
        {
            lock (_gate)
            {
                var total = new ProteinFileNotes();
                total.Add(_total);
                return total;
            }
        }
    }

    internal void Add(ProteinFileNotes file)
    {
        lock (_gate)
        {
            _files.Add(file);
            _total.Add(file);
        }
    }
}
