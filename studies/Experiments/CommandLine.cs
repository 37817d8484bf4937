using System.CommandLine;
using Experiments.Configuration;
using Microsoft.ML.GentleClip.Programs;

namespace Experiments;

/// <summary>What the user asked for.</summary>
internal sealed record CommandLine
{
    public required string Config { get; init; }

    /// <summary>Null where the cells are listed only.</summary>
    public required string? OutputFolder { get; init; }

    public required string? DataFolder { get; init; }

    public required int Parallel { get; init; }

    public required UnpairedRows? Unpaired { get; init; }

    public required bool Validation { get; init; }

    public required bool Plan { get; init; }

    /// <summary>Names of data sets; null for all.</summary>
    public required IReadOnlyList<string>? OnlyData { get; init; }

    /// <summary>Names of methods, beside the baseline and the ceiling; null for all.</summary>
    public required IReadOnlyList<string>? OnlyMethods { get; init; }

    /// <exception cref="ArgumentException">An option is unknown or missing, or its value is missing or wrong.</exception>
    public static CommandLine Parse(params string[] arguments) => ConsoleProgram.Parse<CommandLine>(arguments, Create);

    /// <summary>The options around what is done with them.</summary>
    public static RootCommand Create(Func<CommandLine, int> run)
    {
        var config = new Argument<string>("CONFIG.json") { Description = "What is measured; configurations/ has ready-made ones." };
        var output = CommandOption.Text(
            "--out",
            "DIR",
            "Folder of cells.jsonl (computed cells; a second start goes on from there), results.csv, summary.csv, results.md, pictures. Needed unless --plan "
                + "is given.");
        var data = CommandOption.Text("--data", "DIR", "Folder that the configuration's files are looked for in first; then its own folder.");
        var parallel = CommandOption.Number("--parallel", "N", "Cells computed at a time; without it, one per core.", Environment.ProcessorCount);
        var unpaired = CommandOption.Of<UnpairedRows?>(
            "--unpaired", "KIND", $"{MethodConfig.Kinds} for every method, whatever the configuration says.", Unpairedness);
        var validation = CommandOption.Flag("--validation", "The validation seeds on their own rows instead of the seeds on the test rows.");
        var plan = CommandOption.Flag("--plan", "Lists the cells and computes none.");
        var onlyData = CommandOption.List(
            "--only-data", "LIST", "Data sets of the configuration, by name, separated by commas. Without it, all.", name => name);
        var onlyMethods = CommandOption.List(
            "--only-methods", "LIST", "Methods of the configuration, by name, separated by commas, beside its baseline and ceiling. Without it, all.",
                name => name);
        var command = new RootCommand("Measures presets and baselines on two-view data: data set x method x number of pairs x seed.")
        {
            config, output, data, parallel, unpaired, validation, plan, onlyData, onlyMethods,
        };
        command.Validators.Add(result =>
        {
            if (!result.GetValue(plan) && result.GetResult(output) is null)
                result.AddError("--out DIR is missing.");
        });
        command.SetAction(result => run(new CommandLine
        {
            Config = result.GetRequiredValue(config),
            OutputFolder = result.GetValue(output),
            DataFolder = result.GetValue(data),
            Parallel = result.GetValue(parallel),
            Unpaired = result.GetValue(unpaired),
            Validation = result.GetValue(validation),
            Plan = result.GetValue(plan),
            OnlyData = result.GetValue(onlyData),
            OnlyMethods = result.GetValue(onlyMethods),
        }));
        return command;
    }

    private static UnpairedRows? Unpairedness(string kind) => MethodConfig.ParseUnpaired(kind)
        ?? throw new ArgumentException($"--unpaired needs {MethodConfig.Kinds}, found '{kind}'.");
}
