using System.Globalization;
using System.Text.RegularExpressions;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>Runs the worker in a process of its own, so that the death of that is noticed and the file named.</summary>
internal sealed partial class FuzzHarness(FuzzPlan plan, TextWriter output) : ITrial
{
    /// <summary>The worker's command: a file for its marker, then the options.</summary>
    public const string WorkerCommand = "fuzz-worker";

    private readonly SortedDictionary<string, int> _files = new(StringComparer.Ordinal);

    public string Counts => string.Create(CultureInfo.InvariantCulture,
        $"fuzz: {_files.Values.Sum()} broken files (seed {plan.Seed}): {string.Join(", ", _files.Select(format => $"{format.Key} {format.Value}"))}");

    public void Run()
    {
        var marker = Path.GetTempFileName();
        var inner = Directory.CreateTempSubdirectory("gentleclip-fuzz-worker");
        try
        {
            using var process = ChildProgram.Start([WorkerCommand, marker, .. plan.ToArguments()], inner.CreateSubdirectory("tmp").FullName);
            var error = process.StandardError.ReadToEndAsync();
            string? loss = null;
            while (process.StandardOutput.ReadLine() is { } line)
            {
                if (line.StartsWith("LOSS: ", StringComparison.Ordinal))
                    loss = line["LOSS: ".Length..];
                else
                    output.WriteLine(line);
                if (Tally().Match(line) is { Success: true } match)
                    _files[match.Groups[1].Value] = int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture);
            }
            process.WaitForExit();
            if (loss is not null || process.ExitCode != 0)
                throw new LossException(loss ?? $"The process ended with exit code {process.ExitCode} at {File.ReadAllText(marker).Trim()}\n{error.Result}");
        }
        finally
        {
            File.Delete(marker);
            inner.Delete(recursive: true);
        }
    }

    [GeneratedRegex(@"^([a-z-]+): (\d+) files,")]
    private static partial Regex Tally();
}
