namespace Microsoft.ML.GentleClip;

/// <summary>What <c>LoadFasta</c> and <c>LoadProteinStructures</c> have in common.</summary>
public abstract class ProteinFileOptions
{
    private BadFileHandling _badFiles = BadFileHandling.Throw;
    private int _minimumLength = 1;
    private int _maximumLength = int.MaxValue;
    private long _maximumFileSize = 1L << 30;
    private int? _numberOfThreads;

    private protected ProteinFileOptions()
    {
    }

    /// <summary>What happens when a file, or a record that is needed, cannot be read. Default: <see cref="BadFileHandling.Throw"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not defined.</exception>
    public BadFileHandling BadFiles
    {
        get => _badFiles;
        set => _badFiles = Enum.IsDefined(value)
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(BadFiles), value, $"{nameof(BadFiles)} must be {BadFileHandling.Throw} or {BadFileHandling.Skip}, found {value}.");
    }

    /// <summary>Sequences with fewer residues are left out. Default: 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int MinimumLength
    {
        get => _minimumLength;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MinimumLength));
            _minimumLength = value;
        }
    }

    /// <summary>Sequences with more residues are left out. Default: no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int MaximumLength
    {
        get => _maximumLength;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MaximumLength));
            _maximumLength = value;
        }
    }

    /// <summary>
    /// A file with more bytes, counted after decompression, is a bad file; guards against gzip files that grow without end. Default: 1 GiB; for FASTA no limit.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public long MaximumFileSize
    {
        get => _maximumFileSize;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MaximumFileSize));
            _maximumFileSize = value;
        }
    }

    /// <summary>Structure files read at once. Null, the default: one per processor. FASTA files are read one after another.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int? NumberOfThreads
    {
        get => _numberOfThreads;
        set
        {
            if (value is { } threads)
                ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1, nameof(NumberOfThreads));
            _numberOfThreads = value;
        }
    }

    /// <summary>
    /// Receives the state after each file, one call at a time, from the reading threads; of FASTA files also after each 65,536 rows, whenever
    /// a cursor reads them.
    /// </summary>
    public IProgress<ProteinFileProgress>? Progress { get; set; }

    /// <summary>Collects what was left out, merged, renamed, moved or split; null, the default, where the log is enough.</summary>
    public ProteinFileReport? Report { get; set; }

    /// <summary>Stops the load; of FASTA files, each cursor that reads them.</summary>
    public CancellationToken CancellationToken { get; set; }

    /// <summary>Whether a sequence of this many residues is asked for.</summary>
    internal bool Admits(int length) => length >= MinimumLength && length <= MaximumLength;
}
