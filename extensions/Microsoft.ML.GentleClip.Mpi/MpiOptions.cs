namespace Microsoft.ML.GentleClip.Mpi;

/// <summary>How a process joins the others of an MPI program.</summary>
public sealed record MpiOptions
{
    private readonly TimeSpan _timeout = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long this process waits for the others in one call before it takes one of them for lost and ends all, above zero and at most 24 days. It must be
    /// longer than any of them may be busy alone: with reading its rows, encoding its part of them, writing a checkpoint. Ranks above 0 wait half a second a
    /// rank longer, at most 5 s, so that one of them speaks. Default 10 minutes.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public TimeSpan Timeout
    {
        get => _timeout;
        init => _timeout = value > TimeSpan.Zero && value <= TimeSpan.FromDays(24)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Timeout), value, $"{nameof(Timeout)} must be above zero and at most 24 days, found {value}.");
    }

    /// <summary>
    /// Name or path of MPI's library. Null (default): the environment variable GENTLECLIP_MPI_LIBRARY, else that of the launcher under which the process runs,
    /// else the first that is found.
    /// </summary>
    public string? Library { get; init; }

    /// <summary>
    /// Whether a process may be alone where its launcher promised more (SLURM_NTASKS, OMPI_COMM_WORLD_SIZE, PMI_SIZE). That is nearly always a launcher that
    /// does not know this MPI: each process would train on its own, and all would write the same files. Default false: an error.
    /// </summary>
    public bool AllowAlone { get; init; }
}
