using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Experiments.Configuration;
using Experiments.Data;
using Experiments.Methods;
using Microsoft.ML.GentleClip;
using TorchSharp;

namespace Experiments.Running;

/// <summary>Computes the cells that the store lacks, some side by side. Each has a seed and one context of its own, so the order changes no figure.</summary>
internal sealed class ExperimentRunner(ExperimentConfig config, IReadOnlyDictionary<string, TwoViewData> data, CellStore store, int parallel)
{
    /// <summary>Changes when the protocol does, so that no cell of an older one is taken over.</summary>
    private const int Protocol = 1;

    private static readonly string Build = typeof(GentleClipOptions).Module.ModuleVersionId.ToString("N")[..12];

    /// <summary>Cells that could not be computed, with the reason; they are tried again at the next start.</summary>
    public ConcurrentQueue<(CellKey Key, string Problem)> Failures { get; } = [];

    /// <summary>Cells computed and cells found in the store.</summary>
    public (int Computed, int Resumed) Counts => (_computed, _resumed);

    private readonly SharedTimer _timer = new();
    private int _computed, _resumed;

    /// <summary>Computes what is missing and returns the results.</summary>
    /// <param name="cells">The plan.</param>
    /// <param name="progress">Told of each finished cell, whether it was computed now, and what it took, where that is known.</param>
    /// <param name="cancellation">Stops running cells at their next step; finished ones stay.</param>
    /// <returns>The results, in the order of the plan; of a run that was cancelled, those that there are.</returns>
    public IReadOnlyList<CellResult> Run(IReadOnlyList<PlannedCell> cells, Action<CellKey, bool, ComputingTime?> progress, CancellationToken cancellation)
    {
        _ = new GentleClipOptions(); // the library helps torch to load, so it comes first
        torch.set_num_threads(config.Threads);
        var hashes = cells.ToDictionary(cell => cell.Key, Hash);
        PlannedCell[] missing = [.. cells.Where(cell => store.Find(cell.Key)?.Hash != hashes[cell.Key])];
        foreach (var cell in cells.Except(missing))
        {
            _resumed++;
            progress(cell.Key, false, store.Find(cell.Key)!.Time);
        }

        // One at a time from the list: a range of it would leave one core with the slow methods.
        var options = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellation };
        try
        {
            Parallel.ForEach(Partitioner.Create(missing, EnumerablePartitionerOptions.NoBuffering), options,
                cell => Compute(cell, hashes[cell.Key], progress, cancellation));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // What is finished is still worth a report.
        }
        catch (AggregateException problems)
            when (cancellation.IsCancellationRequested && problems.InnerExceptions.All(problem => problem is OperationCanceledException))
        {
        }

        return [.. cells.Select(cell => store.Find(cell.Key)).OfType<CellResult>().Where(cell => cell.Hash == hashes[cell.Key])];
    }

    private void Compute(PlannedCell cell, string hash, Action<CellKey, bool, ComputingTime?> progress, CancellationToken cancellation)
    {
        ComputingTime? time = null;
        try
        {
            torch.set_num_threads(config.Threads); // the number is kept for each thread
            var result = Timed(() => Measure(cell, hash, cancellation));
            store.Add(result);
            time = result.Time;
            Interlocked.Increment(ref _computed);
        }
        catch (Exception problem)
            when (problem is ArithmeticException or InvalidOperationException or ArgumentException or System.Runtime.InteropServices.ExternalException)
        {
            Failures.Enqueue((cell.Key, problem.Message));
        }

        progress(cell.Key, true, time);
    }

    private CellResult Timed(Func<CellResult> measure)
    {
        var share = _timer.Start();
        try
        {
            return measure() with { Time = _timer.Stop(share) };
        }
        catch
        {
            _timer.Stop(share); // else those that still run would share with it
            throw;
        }
    }

    private CellResult Measure(PlannedCell cell, string hash, CancellationToken cancellation)
    {
        var set = data[cell.Key.Data];
        int[] pairs = cell.Split.Training[..cell.Pairs];
        var training = new TrainingSet(
            Rows(set.A, pairs), Rows(set.B, pairs), Unpaired(cell, Rows(set.A, cell.UnpairedA), side => side.A, 0),
                Unpaired(cell, Rows(set.B, cell.UnpairedB), side => side.B, 1));
        var watch = Stopwatch.StartNew();
        using var fitted = cell.Method.Fit(training, cell.Key.Seed, cancellation);
        var seconds = watch.Elapsed.TotalSeconds;
        var figures = Figures.Measure(fitted, training, Labelled(set, cell.Split.Measured), Labelled(set, cell.Split.Training));
        var perBatch = cell.Method.Plan(pairs.Length, training.UnpairedA.Length, training.UnpairedB.Length).PairsPerBatch;
        return new CellResult(
            cell.Key, hash, Build, pairs.Length, training.UnpairedA.Length, training.UnpairedB.Length, fitted.Steps,
                (long)fitted.Steps * perBatch, seconds, figures);
    }

    private float[][] Unpaired(PlannedCell cell, float[][] rows, Func<TwoViewData, float[]?[]> side, int number)
    {
        var seed = 2 * cell.Key.Seed + number;
        return cell.Key.Unpaired switch
        {
            UnpairedRows.Gaussian => UnpairedControl.Gaussian(rows, seed),
            UnpairedRows.Foreign => UnpairedControl.Foreign(rows, [.. side(data[cell.Data.Foreign!]).OfType<float[]>()], seed),
            _ => rows,
        };
    }

    private string Hash(PlannedCell cell)
    {
        var plan = cell.Method.Plan(cell.Pairs, cell.UnpairedA.Length, cell.UnpairedB.Length);
        var settings = new JsonObject
        {
            ["protocol"] = Protocol,
            ["data"] = data[cell.Key.Data].Hash,
            ["foreign"] = cell.Key.Unpaired == UnpairedRows.Foreign ? data[cell.Data.Foreign!].Hash : null,
            ["testRows"] = (cell.Data.TestRows ?? config.TestRows).Text,
            ["splitSeed"] = config.SplitSeed,
            ["validation"] = cell.Key.Validation,
            ["seed"] = cell.Key.Seed,
            ["pairs"] = cell.Pairs,
            ["unpaired"] = cell.Key.Unpaired.ToString(),
            ["unpairedA"] = cell.UnpairedA.Length,
            ["unpairedB"] = cell.UnpairedB.Length,
            ["steps"] = plan.Steps,
            ["threads"] = config.Threads,
            ["method"] = cell.Method.Settings.DeepClone(),
        };
        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(settings.ToJsonString())))[..32];
    }

    private static LabelledRows Labelled(TwoViewData set, int[] rows) =>
        new(Rows(set.A, rows), Rows(set.B, rows), set.Labels is null ? null : Array.ConvertAll(rows, row => set.Labels[row]));

    private static float[][] Rows(float[]?[] side, int[] rows) => Array.ConvertAll(rows, row => side[row]!);
}
