using System.Diagnostics;
using System.Globalization;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>Reads broken files in this process; whatever happens that should not is a loss.</summary>
internal sealed class FuzzWorker(FuzzPlan plan, TextWriter output, string? marker) : IDisposable
{
    // Virtual memory that one file may add beyond a native library's arenas and what the file justifies.
    private const long NativeBound = 256L << 20;

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("gentleclip-fuzz");
    private readonly List<FuzzTally> _tallies = [];
    private string _current = "";
    private byte[] _file = [];

    public IReadOnlyList<FuzzTally> Tallies => _tallies;

    public IReadOnlyList<string> Skipped { get; private set; } = [];

    /// <summary>The hidden command: prints the tallies.</summary>
    public static int Run(FuzzPlan plan, string marker, TextWriter output)
    {
        using var worker = new FuzzWorker(plan, output, marker);
        try
        {
            worker.Run();
            return 0;
        }
        catch (LossException loss)
        {
            output.WriteLine($"LOSS: {loss.Message}");
            return 1;
        }
        finally
        {
            foreach (var tally in worker.Tallies)
                output.WriteLine(tally);
        }
    }

    /// <exception cref="LossException">Something happened that must not.</exception>
    public void Run()
    {
        using var watch = new FuzzWatch(() =>
        {
            output.WriteLine($"LOSS: {_current} takes longer than 5 s; the file is {Keep()}");
            output.Flush();
        });
        var formats = FuzzFormats.Names.Where(name => plan.Format is null || name == plan.Format).Select(name => FuzzFormats.Create(name, _root.CreateSubdirectory(name).FullName)).ToArray();
        Skipped = [.. formats.Where(format => format.Skipped is not null).Select(format => $"SKIPPED {format.Name}: {format.Skipped}")];
        foreach (var line in Skipped)
            output.WriteLine(line);
        var weights = formats.Sum(format => format.Weight);
        foreach (var format in formats.Where(format => format.Skipped is null))
        {
            Run(format, plan.Format is null ? (int)((long)plan.Count * format.Weight / weights) : plan.Count, watch);
            format.Finish();
        }
    }

    public void Dispose() => _root.Delete(recursive: true);

    private void Run(FuzzFormat format, int count, FuzzWatch watch)
    {
        var tally = new FuzzTally(format.Name);
        _tallies.Add(tally);
        var live = torch.Tensor.TotalCount;
        using var progress = marker is null ? null : new StreamWriter(new FileStream(marker, FileMode.Create, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0)) { AutoFlush = true };
        tally.Clock.Start();
        for (var number = plan.First; number < plan.First + count; number++)
        {
            _current = string.Create(CultureInfo.InvariantCulture, $"fuzz --format {format.Name} --seed {plan.Seed} --first {number} --count 1");
            if (progress is not null)
            {
                progress.BaseStream.Position = 0;
                progress.WriteLine(_current + "          ");
            }
            _file = format.Make(new Random(SeedOf(format.Name, number)));
            watch.Next();
            var (virtualBefore, allocated, started) = (VirtualPeak(), GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
            Type? problem = null;
            try
            {
                format.Read(_file);
            }
            catch (LossException loss)
            {
                throw Loss(loss.Message);
            }
            catch (Exception exception) when (format.Documented.Contains(exception.GetType()))
            {
                problem = exception.GetType();
                if (string.IsNullOrWhiteSpace(exception.Message) || exception.Message.Length > 6000)
                    throw Loss($"a message of {exception.Message.Length} characters");
            }
            catch (Exception exception)
            {
                throw Loss(exception.ToString());
            }
            var time = Stopwatch.GetElapsedTime(started);
            var share = (double)(GC.GetAllocatedBytesForCurrentThread() - allocated) / format.Justified(_file.Length);
            tally.Add(problem, share, time);
            if (share > 1)
                throw Loss($"{share * format.Justified(_file.Length):F0} bytes were allocated for a file of {_file.Length}");
            if (VirtualPeak() - virtualBefore > NativeBound + 8L * _file.Length)
                throw Loss($"virtual memory grew by {VirtualPeak() - virtualBefore} bytes for a file of {_file.Length}");
            if (torch.Tensor.TotalCount != live)
                throw Loss($"{torch.Tensor.TotalCount - live} tensors stayed alive");
        }
        tally.Clock.Stop();
        // Changes that are too weak or too strong try little.
        const int enough = 200;
        if (tally.Files >= enough && (tally.Read == 0 || tally.Refused == 0))
            throw new LossException($"{tally}: expected some of both.");
    }

    private LossException Loss(string what) => new($"{_current}: {what}\nThe file is {Keep()}");

    private string Keep()
    {
        var path = Path.Combine(Path.GetTempPath(), $"gentleclip-fuzz-{Path.GetRandomFileName()}");
        File.WriteAllBytes(path, _file);
        return path;
    }

    // Equal in every process, unlike a hash code.
    private int SeedOf(string format, int number)
    {
        var hash = 17u;
        foreach (var symbol in format)
            hash = hash * 31 + symbol;
        return (int)((hash * 31 + (uint)plan.Seed) * 2654435761u + (uint)number * 40503u & int.MaxValue);
    }

    private static long VirtualPeak()
    {
        if (!OperatingSystem.IsLinux())
            return 0;
        foreach (var line in File.ReadLines("/proc/self/status"))
            if (line.StartsWith("VmPeak:", StringComparison.Ordinal))
                return 1024 * long.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        return 0;
    }
}
