using System.Globalization;
using Experiments.Configuration;
using Experiments.Data;
using Experiments.Features;
using Experiments.Reporting;
using Experiments.Running;
using Spectre.Console;

namespace Experiments;

/// <summary>From the configuration to the reports.</summary>
internal static class Experiment
{
    // Of the reports of a run that was cancelled.
    private const string Partial = "partial-";

    /// <summary>Runs what the command line asks for and returns the exit code: 0, or 1 where cells failed.</summary>
    /// <exception cref="ConfigurationException">The configuration is wrong.</exception>
    /// <exception cref="IOException">Another run computes into the folder.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; computed cells are kept.</exception>
    public static int Run(CommandLine commandLine, TextWriter output, CancellationToken cancellation)
    {
        output = TextWriter.Synchronized(output);
        var whole = ExperimentConfig.Load(commandLine.Config);
        var config = whole.Only(commandLine.OnlyData, commandLine.OnlyMethods);
        if (commandLine.Validation && config.ValidationSeeds.Count == 0)
            throw new ConfigurationException($"{config.File}: validationSeeds: the key is missing, and --validation asks for them.");
        foreach (var method in config.Methods) // whatever is wrong with one shows before an hour of the others
            for (var candidate = method.Candidates.Count - 1; candidate >= -1; candidate--)
                Methods.Methods.Create(config, method, candidate < 0 ? null : candidate);

        using var ownFolder = commandLine.Plan ? null : OutputLock.Take(commandLine.OutputFolder!);
        // Also what others take foreign rows from.
        var read = whole.Data.Where(set => config.Data.Contains(set) || config.Data.Any(own => own.Foreign == set.Name)).ToArray();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{config.File}: {config.Data.Count} of {whole.Data.Count} data sets, {config.Methods.Count} of {whole.Methods.Count} methods."));
        var data = new Dictionary<string, TwoViewData>();
        foreach (var set in read)
        {
            var rows = DataReaders.Read(set, config, commandLine.DataFolder);
            output.WriteLine(Describe(rows));
            data.Add(set.Name, SelfSupervisedFeatures.Apply(
                rows, set, config, commandLine.Plan ? null : commandLine.OutputFolder, commandLine.Parallel, output.WriteLine, cancellation));
        }
        var plan = new ExperimentPlan(config, data, commandLine.Unpaired);
        PlannedCell[] tuningCells = [.. plan.Tuning()];
        if (commandLine.Plan)
            return List(output, tuningCells,
                [.. plan.Matrix(commandLine.Validation,
                    config.Methods.Where(method => method.Candidates.Count > 0).ToDictionary(method => method.Name, _ => 0))]);

        var folder = Path.GetFullPath(commandLine.OutputFolder!);
        using var store = new CellStore(Path.Combine(folder, "cells.jsonl"), output.WriteLine);
        var runner = new ExperimentRunner(config, data, store, commandLine.Parallel);
        var tried = Compute(runner, "tuning on validation rows", tuningCells, output, cancellation);
        cancellation.ThrowIfCancellationRequested(); // a choice among some of the candidates would be another choice
        var tuning = Tuning.Choose(config, tried);
        foreach (var note in tuning.Notes)
            output.WriteLine(note);
        var results = Compute(runner, commandLine.Validation ? "validation" : "cells",
            [.. plan.Matrix(commandLine.Validation, tuning.Chosen)], output, cancellation);
        if (cancellation.IsCancellationRequested && results.Count == 0)
            cancellation.ThrowIfCancellationRequested();
        var totals = RunTotals.Of([.. tried, .. results], data.Values);
        Write(folder, (cancellation.IsCancellationRequested ? Partial : "") + (commandLine.Validation ? "validation-" : ""), config, results, tuning, totals);
        if (cancellation.IsCancellationRequested)
        {
            output.WriteLine($"Cancelled after {runner.Counts.Computed} cells: {Partial}results.md has what there is. A second start goes on from there.");
            cancellation.ThrowIfCancellationRequested();
        }

        foreach (var (key, problem) in runner.Failures)
            output.WriteLine($"Failed: {key}: {problem}");
        output.WriteLine($"{runner.Counts.Computed} cells computed, {runner.Counts.Resumed} taken over from {folder}. See results.md there.");
        output.WriteLine($"{totals}");
        return runner.Failures.IsEmpty ? 0 : 1;
    }

    private static IReadOnlyList<CellResult> Compute(ExperimentRunner runner, string name, PlannedCell[] cells, TextWriter output,
        CancellationToken cancellation)
    {
        if (cells.Length == 0)
            return [];
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        var left = new TimeLeft([.. cells.Select(cell => cell.Key)]);
        if (!console.Profile.Capabilities.Interactive)
        {
            return runner.Run(
                cells,
                (key, computed, time) =>
                {
                    var state = left.Finished(key, time);
                    if (computed)
                        output.WriteLine($"{name} {state}: {key}");
                },
                cancellation);
        }

        return console.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(),
                new ElapsedTimeColumn(), new SpinnerColumn())
            .Start(bars =>
            {
                var bar = bars.AddTask(name, maxValue: cells.Length);
                return runner.Run(
                    cells,
                    (key, _, time) =>
                    {
                        bar.Description = $"{name} {left.Finished(key, time)}: {key}".EscapeMarkup();
                        bar.Increment(1);
                    },
                    cancellation);
            });
    }

    private static void Write(string folder, string prefix, ExperimentConfig config, IReadOnlyList<CellResult> results, Tuning tuning, RunTotals totals)
    {
        var table = new ResultTable(config, results);
        CsvReport.WriteCells(Path.Combine(folder, $"{prefix}results.csv"), results);
        CsvReport.WriteSummary(Path.Combine(folder, $"{prefix}summary.csv"), table);
        MarkdownReport.Write(Path.Combine(folder, $"{prefix}results.md"), config, table, tuning.Notes, results, totals);
        if (CurvePlot.Save(folder, table, "R@1", Figures.RecallAt10).Count > 0)
            CurvePlot.SavePoints(Path.Combine(folder, $"{prefix}curve.csv"), table);
    }

    private static string Describe(TwoViewData data)
    {
        int both = data.A.Zip(data.B).Count(row => row.First is not null && row.Second is not null);
        string classes = data.Labels is { } labels
            ? string.Create(CultureInfo.InvariantCulture, $"{labels.Where(label => label.Length > 0).Distinct().Count()} classes") : "no labels";
        return string.Create(CultureInfo.InvariantCulture,
            $"{data.Name}: {data.Rows} rows, {both} with both sides, {data.DimensionA} and {data.DimensionB} numbers wide, {classes}.");
    }

    private static int List(TextWriter output, PlannedCell[] tuning, PlannedCell[] matrix)
    {
        foreach (var cell in tuning.Concat(matrix))
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{cell.Key}: {cell.Method.Plan(cell.Pairs, cell.UnpairedA.Length, cell.UnpairedB.Length).Steps} steps"));
        output.WriteLine($"{tuning.Length} cells of tuning, {matrix.Length} of the matrix.");
        return 0;
    }
}
