using System.CommandLine;
using Microsoft.ML.GentleClip.Programs;

namespace ProteinAlignment;

/// <summary>What the user asked for.</summary>
internal sealed record CommandLine
{
    public required int Seeds { get; init; }

    public required int Steps { get; init; }

    public required string OutputFolder { get; init; }

    public required string? JsonFile { get; init; }

    public required bool Quick { get; init; }

    public required bool Raw { get; init; }

    public required bool SamplingSize { get; init; }

    /// <summary>The options around what is done with them.</summary>
    public static RootCommand Create(Func<CommandLine, int> run)
    {
        var seeds = CommandOption.OptionalNumber("--seeds", "N", "Runs with seeds 1 to N. Without it, 3.");
        var steps = CommandOption.OptionalNumber("--steps", "N", "Training steps of each run. Without it, 1000; raw, 200.");
        var output = CommandOption.Text("--out", "DIR", "Folder for model.zip, training.png and embeddings.png.", ".");
        var json = CommandOption.Text("--json", "FILE", "Writes every figure to a file.");
        var raw = CommandOption.Flag(
            "--raw", "Encoders of sequences and alpha carbons in place of features: the default one and a small CDConv, from random weights.");
        var quick = CommandOption.Flag("--quick", "One seed, 60 steps (raw, 20), a quarter of the chains: shows that all works, not how well.");
        var samplingSize = CommandOption.Flag(
            "--sampling-size", "Instead of all this, how different two random batches of the features look: tables and sampling-size.png.");
        var command = new RootCommand("Aligns protein sequences and structures from few pairs and many unpaired chains.")
        {
            seeds, steps, output, json, raw, quick, samplingSize,
        };
        command.Excludes(samplingSize, seeds, steps, json, raw);
        command.SetAction(result =>
        {
            bool isQuick = result.GetValue(quick), isRaw = result.GetValue(raw);
            return run(new CommandLine
            {
                Seeds = result.GetValue(seeds) ?? (isQuick ? 1 : 3),
                Steps = result.GetValue(steps) ?? (isQuick, isRaw) switch
                {
                    (false, false) => 1000,
                    (false, true) => 200,
                    (true, false) => 60,
                    (true, true) => 20,
                },
                OutputFolder = result.GetRequiredValue(output)!,
                JsonFile = result.GetValue(json),
                Quick = isQuick,
                Raw = isRaw,
                SamplingSize = result.GetValue(samplingSize),
            });
        });
        return command;
    }
}
