using System.Diagnostics;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>
/// When to kill: so long after a line, or after the start where the line is null; and then, if aimed, when the next file begins to be written and a moment has
/// passed.
/// </summary>
internal sealed record KillMoment(string? After, TimeSpan Delay, TimeSpan? AfterWrite);

/// <summary>One life of the child: what it said and when.</summary>
internal sealed record KillRun(bool WasKilled, IReadOnlyList<(string Line, TimeSpan At)> Lines, TimeSpan Lifetime)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    public TimeSpan? At(string line) => Lines.Where(said => said.Line == line).Select(said => (TimeSpan?)said.At).FirstOrDefault();

    public IEnumerable<string> Said(string prefix) =>
        Lines.Where(said => said.Line.StartsWith(prefix, StringComparison.Ordinal)).Select(said => said.Line[prefix.Length..]);

    /// <exception cref="LossException">It ended by itself with an error, or does not end.</exception>
    public static KillRun Start(KillTraining training, string folder, string mode, KillMoment? moment)
    {
        var clock = Stopwatch.StartNew();
        using var process = ChildProgram.Start([KillTraining.Command, training.Name, folder, mode]);
        var lines = new List<(string, TimeSpan)>();
        using var reached = new ManualResetEventSlim(moment is { After: null });
        var reading = Task.Run(() =>
        {
            while (process.StandardOutput.ReadLine() is { } line)
            {
                lock (lines)
                    lines.Add((line, clock.Elapsed));
                if (line == moment?.After)
                    reached.Set();
            }
            reached.Set();
        });
        var error = process.StandardError.ReadToEndAsync();
        if (moment is not null)
        {
            if (!reached.Wait(Longest))
                throw Loss("does not end");
            if (!process.WaitForExit(moment.Delay) && (moment.AfterWrite is not { } rest || SeesWrite(process, folder, rest)))
                process.Kill(); // SIGKILL
        }
        else if (!process.WaitForExit(Longest))
        {
            throw Loss("does not end");
        }
        process.WaitForExit();
        reading.Wait();
        const int killed = 128 + 9;
        var wasKilled = process.ExitCode == killed;
        return process.ExitCode == 0 || (wasKilled && moment is not null) ? new KillRun(wasKilled, lines, clock.Elapsed)
            : throw Loss($"ended with exit code {process.ExitCode}: {error.Result.Trim()}");

        // False where it ends before it writes again.
        static bool SeesWrite(Process process, string folder, TimeSpan rest)
        {
            using var seen = new ManualResetEventSlim();
            using var watcher = new FileSystemWatcher(folder) { IncludeSubdirectories = true };
            watcher.Created += (_, created) =>
            {
                if (created.Name?.EndsWith(".tmp", StringComparison.Ordinal) is true)
                    seen.Set();
            };
            watcher.EnableRaisingEvents = true;
            while (!seen.Wait(TimeSpan.FromMilliseconds(20)))
                if (process.HasExited)
                    return false;
            return !process.WaitForExit(rest);
        }

        LossException Loss(string what)
        {
            if (!process.HasExited)
                process.Kill();
            return new LossException($"The training '{training.Name}' in {folder} {what}");
        }
    }
}
