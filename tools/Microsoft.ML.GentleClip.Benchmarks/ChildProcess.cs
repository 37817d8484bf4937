using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>Measures in a process of its own, in which nothing has run before.</summary>
internal static class ChildProcess
{
    /// <summary>The hidden command of this program that the child runs.</summary>
    public const string Command = "measure";

    /// <summary>The hidden command that measures scoring.</summary>
    public const string ScoringCommand = "measure-scoring";

    /// <summary>The hidden command that fits the closed form at one size.</summary>
    public const string ScaleCommand = "measure-scale";

    /// <exception cref="MeasurementException">The child failed.</exception>
    public static AlignmentSize.Taken Measure(AlignmentSize size) =>
        AlignmentSize.Taken.FromJson(Run($"Fitting {size.Rows} rows of {size.Dimension}", ScaleCommand,
        [.. new IFormattable[] { size.Pairs, size.Rows, size.Dimension, size.Share }.Select(value => value.ToString(null, CultureInfo.InvariantCulture))]));

    /// <exception cref="MeasurementException">The child failed.</exception>
    public static Measurement Measure(ObjectiveCase objective, int batch, Form form) =>
        Measurement.FromJson(Run($"Measuring {objective.Name} ({form}) at {batch} rows", Command, objective.Name,
            batch.ToString(CultureInfo.InvariantCulture), form.ToString()));

    /// <exception cref="MeasurementException">The child failed.</exception>
    public static ScoringRun Measure(ScoringCase scoring, ScoringContender contender, int rows, ScoringFiles files) =>
        ScoringRun.FromJson(Run($"Measuring {scoring.Name} ({contender.Name})", ScoringCommand, scoring.Name, contender.Name,
            rows.ToString(CultureInfo.InvariantCulture), files.Folder));

    private static string Run(string what, string command, params IEnumerable<string> rest)
    {
        var program = Environment.ProcessPath ?? throw new MeasurementException("The path of this program is not known.");
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location);
        foreach (var argument in rest.Prepend(command))
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new MeasurementException($"{what} ended with exit code {process.ExitCode}: {error.Result.Trim()}");
    }
}
