using System.Globalization;
using Experiments.Configuration;

namespace Experiments;

/// <summary>What the user asked for.</summary>
internal sealed record CommandLine
{
    public const string Usage = """
        Measures presets and baselines on two-view data: data set x method x number of pairs x seed.

        Usage: Experiments CONFIG.json --out DIR [options]
          --out DIR         folder of cells.jsonl (computed cells; a second start goes on from there), results.csv, summary.csv, results.md, pictures
          --data DIR        folder that the configuration's files are looked for in first; then its own folder
          --parallel N      cells computed at a time (default: the number of cores)
          --unpaired KIND   real, gaussian, foreign, none, skewed or dropped for every method, whatever the configuration says
          --validation      the validation seeds on their own rows instead of the seeds on the test rows
          --plan            lists the cells and computes none
          --help            this text
        """;

    public string? Config { get; private init; }

    public string? OutputFolder { get; private init; }

    public string? DataFolder { get; private init; }

    public int Parallel { get; private init; } = Environment.ProcessorCount;

    public UnpairedRows? Unpaired { get; private init; }

    public bool Validation { get; private init; }

    public bool Plan { get; private init; }

    public bool Help { get; private init; }

    /// <exception cref="ArgumentException">An option is unknown or missing, or its value is missing or wrong.</exception>
    public static CommandLine Parse(string[] arguments)
    {
        var result = new CommandLine();
        for (int i = 0; i < arguments.Length; i++)
        {
            string option = arguments[i];
            result = option switch
            {
                "--out" => result with { OutputFolder = Value() },
                "--data" => result with { DataFolder = Value() },
                "--parallel" => result with { Parallel = Positive() },
                "--unpaired" => result with
                {
                    Unpaired = Value() is var kind && MethodConfig.ParseUnpaired(kind) is { } parsed
                        ? parsed
                        : throw new ArgumentException($"--unpaired needs {MethodConfig.Kinds}, found '{kind}'."),
                },
                "--validation" => result with { Validation = true },
                "--plan" => result with { Plan = true },
                "--help" or "-h" => result with { Help = true },
                _ when option.StartsWith('-') => throw new ArgumentException($"Unknown option '{option}'."),
                _ when result.Config is null => result with { Config = option },
                _ => throw new ArgumentException($"'{option}': there is a configuration already, {result.Config}."),
            };

            string Value() => ++i < arguments.Length && !arguments[i].StartsWith("--", StringComparison.Ordinal)
                ? arguments[i]
                : throw new ArgumentException($"{option} needs a value.");

            int Positive() => Value() is var text && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
                ? number
                : throw new ArgumentException($"{option} needs a whole number above 0, found '{text}'.");
        }

        return result.Help || (result.Config is not null && (result.OutputFolder is not null || result.Plan))
            ? result
            : throw new ArgumentException(result.Config is null ? "The configuration is missing." : "--out DIR is missing.");
    }
}
