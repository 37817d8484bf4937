using System.Runtime.ExceptionServices;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Data;

/// <summary>Reads many files at once and gives their rows in the order of the files.</summary>
internal static class ProteinFileLoader
{
    /// <summary>Reads all files.</summary>
    /// <param name="env">Receives the warnings; its cancellation is obeyed.</param>
    /// <param name="files">The files.</param>
    /// <param name="options">Settings.</param>
    /// <param name="read">Reads the rows of one file, and what there is to note on it.</param>
    /// <exception cref="InvalidDataException">A file is broken, and such files are not to be skipped; of several the first.</exception>
    /// <exception cref="IOException">A file cannot be read, and such files are not to be skipped.</exception>
    /// <exception cref="OperationCanceledException">The load was cancelled.</exception>
    public static List<TRow> Read<TRow>(
        IHostEnvironment env, IReadOnlyList<string> files, ProteinFileOptions options, Func<string, (IReadOnlyList<TRow> Rows, ProteinFileNotes Notes)> read)
    {
        var results = new IReadOnlyList<TRow>?[files.Count];
        var notes = new ProteinFileNotes?[files.Count];
        var problems = new Exception?[files.Count];
        var state = new ProteinFileProgress(0, files.Count, 0, 0);
        var gate = new Lock();
        var parallel = new ParallelOptions
        {
            MaxDegreeOfParallelism = options.NumberOfThreads ?? Environment.ProcessorCount,
            CancellationToken = options.CancellationToken,
        };
        try
        {
            Parallel.For(0, files.Count, parallel, (i, loop) =>
            {
                if (HostSettings.IsCanceled(env))
                    throw new OperationCanceledException("The host was told to stop.");
                try
                {
                    (results[i], notes[i]) = read(files[i]);
                }
                catch (Exception problem) when (problem is InvalidDataException or IOException or UnauthorizedAccessException)
                {
                    problems[i] = problem;
                    notes[i] = new ProteinFileNotes(files[i]) { Problem = problem.Message };
                    if (options.BadFiles == BadFileHandling.Throw)
                        loop.Break(); // files before this one are read all the same, so that the first bad file is the one reported
                }
                Report(results[i]);
            });
        }
        catch (AggregateException problem) when (problem.InnerExceptions is [var first, ..])
        {
            ExceptionDispatchInfo.Throw(first);
        }

        if (options.BadFiles == BadFileHandling.Throw && Array.Find(problems, problem => problem is not null) is { } bad)
            ExceptionDispatchInfo.Throw(bad);
        ProteinFileLog.Write(env, [.. notes.OfType<ProteinFileNotes>()], options);
        return [.. results.OfType<IReadOnlyList<TRow>>().SelectMany(rows => rows)];

        void Report(IReadOnlyList<TRow>? rows)
        {
            lock (gate)
            {
                state = new(state.Files + 1, state.TotalFiles, state.Rows + (rows?.Count ?? 0), state.SkippedFiles + (rows is null ? 1 : 0));
                options.Progress?.Report(state);
            }
        }
    }
}
