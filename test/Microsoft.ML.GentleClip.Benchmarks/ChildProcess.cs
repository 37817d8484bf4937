using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>Measures in a process of its own, in which nothing has run before.</summary>
internal static class ChildProcess
{
    /// <summary>The hidden command of this program that the child runs.</summary>
    public const string Command = "measure";

    /// <exception cref="MeasurementException">The child failed.</exception>
    public static Measurement Measure(ObjectiveCase objective, int batch, Form form)
    {
        var program = Environment.ProcessPath ?? throw new MeasurementException("The path of this program is not known.");
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location);
        foreach (var argument in (string[])[Command, objective.Name, batch.ToString(CultureInfo.InvariantCulture), form.ToString()])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? Measurement.FromJson(output)
            : throw new MeasurementException($"Measuring {objective.Name} ({form}) at {batch} rows ended with exit code {process.ExitCode}: {error.Result.Trim()}");
    }
}
