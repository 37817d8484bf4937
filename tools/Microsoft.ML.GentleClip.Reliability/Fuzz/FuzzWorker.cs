using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Microsoft.ML.GentleClip.Runtime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>Reads broken files in this process; whatever happens that should not is a loss.</summary>
internal sealed class FuzzWorker(FuzzPlan plan, TextWriter output, string? marker) : IDisposable
{
    // Virtual memory that one file may add beyond a native library's arenas and what the file justifies.
    private const long NativeBound = 256L << 20;

    // What may stay after the first tenth of a format's files.
    private const long ResidentBound = 96L << 20;

    private const int Enough = 200;

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
        TorchNativeLibrary.EnsureLoaded();
        using var watch = new FuzzWatch(() =>
        {
            output.WriteLine($"LOSS: {_current} takes longer than 5 s; the file is {Keep()}");
            output.Flush();
        });
        var formats = FuzzFormats.Names.Where(name => plan.Format is null || name == plan.Format)
            .Select(name => FuzzFormats.Create(name, _root.CreateSubdirectory(name).FullName)).ToArray();
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
        // Not measured: it loads libraries.
        try
        {
            format.Read(format.Make(new Random(SeedOf(format.Name, -1))));
        }
        catch (Exception exception) when (format.IsDocumented(exception))
        {
        }
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var (live, resident) = (torch.Tensor.TotalCount, 0L);
        using var progress = marker is null ? null
            : new StreamWriter(new FileStream(marker, FileMode.Create, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0)) { AutoFlush = true };
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
            watch.Begin();
            var (virtualBefore, allocated, started) = (ProcessMemory.VirtualPeak, GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
            Type? problem = null;
            try
            {
                format.Read(_file);
            }
            catch (LossException loss)
            {
                throw Loss(loss.Message);
            }
            catch (Exception exception) when (format.IsDocumented(exception))
            {
                problem = (exception is TargetInvocationException ? exception.InnerException! : exception).GetType();
                if (string.IsNullOrWhiteSpace(exception.Message) || exception.Message.Length > 6000)
                    throw Loss($"a message of {exception.Message.Length} characters");
            }
            catch (Exception exception)
            {
                throw Loss(exception.ToString());
            }
            var time = Stopwatch.GetElapsedTime(started);
            watch.End();
            var share = (double)(GC.GetAllocatedBytesForCurrentThread() - allocated) / format.Justified(_file.Length);
            tally.Add(problem, share, time);
            if (share > 1)
                throw Loss($"{share * format.Justified(_file.Length):F0} bytes were allocated for a file of {_file.Length}");
            if (ProcessMemory.VirtualPeak - virtualBefore > NativeBound + 8L * _file.Length)
                throw Loss($"virtual memory grew by {ProcessMemory.VirtualPeak - virtualBefore} bytes for a file of {_file.Length}");
            if (number == plan.First + count / 10)
                resident = ProcessMemory.Resident;
            // Fewer: a finalizer freed what was there before.
            if (!format.BuildsModels && torch.Tensor.TotalCount is var now && now > live)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                throw Loss($"{now - live} tensors stayed alive, {torch.Tensor.TotalCount - live} of them after a collection");
            }
        }
        tally.Clock.Stop();
        if (count >= Enough && ProcessMemory.Resident - resident is var growth && growth > ResidentBound)
            throw new LossException($"{tally}: resident memory grew by {growth >> 20} MB after the first tenth of the files.");
        // Changes that are too weak or too strong try little.
        if (tally.Files >= Enough && (tally.Read == 0 || tally.Refused == 0))
            throw new LossException($"{tally}: expected some of both.");
    }

    private LossException Loss(string what) => new($"{_current}: {what}\nThe file is {Keep()}");

    private string Keep()
    {
        var path = Path.Combine(Path.GetDirectoryName(marker) ?? Path.GetTempPath(), $"gentleclip-fuzz-{Path.GetRandomFileName()}");
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
}
