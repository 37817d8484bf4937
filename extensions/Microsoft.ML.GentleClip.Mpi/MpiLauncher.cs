using System.Globalization;

namespace Microsoft.ML.GentleClip.Mpi;

/// <summary>What the environment says of the launcher that started this process.</summary>
/// <param name="Size">Processes that it promised; null where it does not say.</param>
/// <param name="Source">The variable that says so.</param>
/// <param name="IsOpenMpi">Whether it is Open MPI's, or MPICH's and its relatives'; null where nobody knows.</param>
internal sealed record MpiLauncher(int? Size, string? Source, bool? IsOpenMpi)
{
    private static readonly (string Variable, bool? IsOpenMpi)[] Sizes =
        [("OMPI_COMM_WORLD_SIZE", true), ("PMI_SIZE", false), ("SLURM_STEP_NUM_TASKS", null), ("SLURM_NTASKS", null)];

    /// <summary>Reads the environment.</summary>
    public static MpiLauncher Of(Func<string, string?> environment)
    {
        foreach (var (variable, isOpenMpi) in Sizes)
            if (int.TryParse(environment(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0)
                return new MpiLauncher(size, variable, isOpenMpi);
        return new MpiLauncher(null, null, null);
    }

    /// <summary>The libraries to try, in this order.</summary>
    public IEnumerable<string> Libraries()
    {
        string[] openMpi = OperatingSystem.IsMacOS() ? ["libmpi.40.dylib"] : ["libmpi.so.40"];
        string[] mpich = OperatingSystem.IsMacOS() ? ["libmpi.12.dylib", "libmpich.12.dylib"] : ["libmpich.so.12", "libmpi.so.12"];
        string[] any = OperatingSystem.IsWindows() ? ["msmpi.dll", "impi.dll"] : OperatingSystem.IsMacOS() ? ["libmpi.dylib"] : ["libmpi.so"];
        return OperatingSystem.IsWindows() ? any : IsOpenMpi == false ? [.. mpich, .. openMpi, .. any] : [.. openMpi, .. mpich, .. any];
    }

    /// <summary>Refuses a group of another size than the launcher promised.</summary>
    /// <exception cref="InvalidOperationException">It is.</exception>
    public void Check(int size, string library, MpiOptions options)
    {
        if (Size is { } promised && promised != size && !(size == 1 && options.AllowAlone))
            throw new InvalidOperationException(
                $"The launcher promised {promised} processes ({Source}), but MPI ({library}) knows of {size}: the launcher does not belong to this library. "
                + $"Start the program by the library's own mpirun, under Slurm by srun --mpi=pmix (Open MPI) or --mpi=pmi2 (MPICH), or name another library "
                + $"({nameof(MpiOptions)}.{nameof(MpiOptions.Library)}, GENTLECLIP_MPI_LIBRARY). A process that shall be alone sets "
                + $"{nameof(MpiOptions.AllowAlone)}.");
    }
}
