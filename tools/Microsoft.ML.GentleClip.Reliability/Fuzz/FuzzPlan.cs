using System.CommandLine;
using Microsoft.ML.GentleClip.Programs;
using CliCommand = System.CommandLine.Command;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>Which broken files to read. A file is decided by format, seed and number, so that each can be repeated.</summary>
internal sealed record FuzzPlan(int Count, string? Format, int Seed, int First)
{
    /// <summary>As the command line takes them.</summary>
    public IEnumerable<string> ToArguments() =>
        ["--count", $"{Count}", "--seed", $"{Seed}", "--first", $"{First}", .. Format is null ? Array.Empty<string>() : ["--format", Format]];
}

/// <summary>The options that make a plan.</summary>
internal sealed class FuzzOptions
{
    private readonly Option<int> _count = CommandOption.Number("--count", "N", "Files, spread over the formats.", 100_000);
    private readonly Option<string?> _format = CommandOption.Of("--format", "NAME", "One format instead of all.", Known);
    private readonly Option<int> _seed = CommandOption.Number("--seed", "S", "Seed of the changes.", 1, smallest: 0);
    private readonly Option<int> _first = CommandOption.Number("--first", "I", "Number of the first file; with --count 1 it repeats one.", 0, smallest: 0);

    public CliCommand AddTo(CliCommand command)
    {
        foreach (var option in new Option[] { _count, _format, _seed, _first })
            command.Add(option);
        return command;
    }

    public FuzzPlan Read(ParseResult result) =>
        new(result.GetValue(_count), result.GetValue(_format), result.GetValue(_seed), result.GetValue(_first));

    private static string Known(string format) => FuzzFormats.Names.Contains(format)
        ? format
        : throw new ArgumentException($"Unknown format '{format}'; there are {string.Join(", ", FuzzFormats.Names)}.");
}
