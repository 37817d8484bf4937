using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Mpi;

/// <summary>A program of several processes under a launcher of the machine, with what all of them print.</summary>
internal sealed class MpiRun : IDisposable
{
#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif

    public const string OpenMpi = "mpirun.openmpi", Mpich = "mpirun.mpich";

    private const string Program = "Microsoft.ML.GentleClip.EndToEnd.Ranks";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4); // for machines where many share the cores

    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Process _process;
    private readonly bool _survives;

    private MpiRun(ProcessStartInfo start, bool survives)
    {
        _survives = survives;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What was printed, by whichever process.</summary>
    public IReadOnlyList<string> Lines => [.. _lines];

    /// <summary>Steps that were reported, in order.</summary>
    public IReadOnlyList<int> Steps => [.. Lines.Where(line => line.StartsWith("step ", StringComparison.Ordinal))
        .Select(line => int.Parse(line.AsSpan("step ".Length), CultureInfo.InvariantCulture))];

    /// <summary>What rank a process has, by its number.</summary>
    public IReadOnlyDictionary<int, int> Processes => Lines.Where(line => line.StartsWith("pid ", StringComparison.Ordinal)).Select(line => line.Split(' '))
        .ToDictionary(words => int.Parse(words[3], CultureInfo.InvariantCulture), words => int.Parse(words[1], CultureInfo.InvariantCulture));

    /// <summary>Whether a launcher is installed; if not, prints that and marks the test as skipped.</summary>
    public static void Require(string launcher, TestContext context)
    {
        if (Find(launcher) is null)
            Skip.Because(context, $"{launcher} is not in PATH (Debian: apt-get install openmpi-bin mpich).");
    }

    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>Starts processes of the tests' program.</summary>
    /// <param name="launcher">Null for one process without any.</param>
    /// <param name="processes">How many.</param>
    /// <param name="settings">The program's, or the words of a command of another program if <paramref name="program"/> is one.</param>
    /// <param name="environment">Beside the tests' own.</param>
    /// <param name="program">Its file; null for the tests' program.</param>
    public static MpiRun Start(
        string? launcher, int processes, string settings, IReadOnlyDictionary<string, string>? environment = null, string? program = null)
    {
        string[] words = [.. Command(program), .. settings.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        string[] command = launcher is null ? words
            : [launcher, .. launcher == OpenMpi ? ["--oversubscribe"] : Array.Empty<string>(), "-n", $"{processes}", .. words];
        return new MpiRun(StartInfo(command, environment), survives: false);
    }

    /// <summary>Starts a command line of one's own, whose launcher may outlive its processes.</summary>
    public static MpiRun Start(string[] command, IReadOnlyDictionary<string, string> environment) => new(StartInfo(command, environment), survives: true);

    /// <summary>The words that run a program of the repository.</summary>
    public static string[] Command(string? program = null) =>
        [Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? Find("dotnet") ?? "dotnet", program ?? Newest(Path.Combine("test", Program), Program)];

    /// <summary>A program as it was built last.</summary>
    public static string Newest(string folder, string name) =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, folder, "bin", Configuration), name + ".dll", SearchOption.AllDirectories)
            .OrderByDescending(File.GetLastWriteTimeUtc).First();

    /// <summary>Waits until rank 0 has reported some steps.</summary>
    public void WaitForSteps(int steps)
    {
        var clock = Stopwatch.StartNew();
        while (Steps.Count < steps)
        {
            Assert.IsFalse(_process.HasExited, $"ended before: {this}");
            Assert.IsLessThan(Limit, clock.Elapsed, ToString());
            Thread.Sleep(20);
        }
    }

    /// <summary>Waits until all processes are gone.</summary>
    /// <returns>The launcher's exit code, null where it outlives them; and how long that took.</returns>
    public (int? Code, TimeSpan Time) WaitForEnd()
    {
        var clock = Stopwatch.StartNew();
        if (!_survives)
        {
            Assert.IsTrue(_process.WaitForExit(Limit), $"hangs: {this}");
            _process.WaitForExit(); // its output, too
        }
        foreach (int process in Processes.Values)
            while (IsAlive(process))
            {
                Assert.IsLessThan(Limit, clock.Elapsed, $"process {process} is left: {this}");
                Thread.Sleep(20);
            }
        var time = clock.Elapsed;
        if (_survives && !_process.WaitForExit(TimeSpan.FromSeconds(2)))
            return (null, time);
        return (_process.ExitCode, time);
    }

    /// <summary>The hash of the weights, which all processes of a run that succeeds print alike.</summary>
    public string Weights(int processes)
    {
        var (code, _) = WaitForEnd();
        string[] weights = [.. Lines.Where(line => line.StartsWith("weights ", StringComparison.Ordinal))];
        Assert.AreEqual(0, code, ToString());
        Assert.HasCount(processes, weights, ToString());
        Assert.HasCount(1, weights.Distinct().ToArray(), ToString());
        return weights[0];
    }

    /// <summary>The lines in which a process says why it ends all.</summary>
    public string[] Reasons => [.. Lines.Where(line => line.StartsWith('[') && line.Contains("] Rank ", StringComparison.Ordinal))];

    public override string ToString() => string.Join('\n', Lines.TakeLast(30));

    public void Dispose()
    {
        foreach (int process in Processes.Values.Where(IsAlive))
            Kill(process, "KILL");
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    public static void Kill(int process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process}"]);
        kill.WaitForExit();
    }

    // One that has ended and that nobody has asked for is still in the table.
    private static bool IsAlive(int process)
    {
        try
        {
            return !File.ReadAllText($"/proc/{process}/stat").Split(')')[^1].StartsWith(" Z", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private void Take(string? line)
    {
        if (line is not null)
            _lines.Enqueue(line);
    }

    private static ProcessStartInfo StartInfo(string[] command, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        // Of Open MPI: in a container of root's, on fewer cores than processes, without the network cards that it would look for.
        foreach (var (name, value) in new[]
        {
            ("OMPI_ALLOW_RUN_AS_ROOT", "1"), ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"), ("OMPI_MCA_mpi_yield_when_idle", "1"),
            ("OMPI_MCA_hwloc_base_binding_policy", "none"), ("OMPI_MCA_btl_base_warn_component_unused", "0"),
            ("OMPI_MCA_mca_base_component_show_load_errors", "0"), ("PMIX_MCA_pcompress_base_silence_warning", "1"), ("TERM", "dumb"),
            ("OMP_NUM_THREADS", "1"), ("DOTNET_TieredPGO", "0"),
        })
            start.Environment[name] = value;
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return start;
    }
}
