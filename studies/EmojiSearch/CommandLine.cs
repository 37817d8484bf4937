using System.CommandLine;
using EmojiPictures;
using Microsoft.ML.GentleClip.Programs;

namespace EmojiSearch;

/// <summary>What the user asked for.</summary>
internal sealed record CommandLine
{
    public required string DataFolder { get; init; }

    public required string OutFolder { get; init; }

    public required string? JsonFile { get; init; }

    public required int Seeds { get; init; }

    public required int Steps { get; init; }

    public required IReadOnlyList<Method> Methods { get; init; }

    /// <exception cref="ArgumentException">An option is unknown, or its value is missing or wrong.</exception>
    public static CommandLine Parse(params string[] arguments) => ConsoleProgram.Parse<CommandLine>(arguments, Create);

    /// <summary>The options around what is done with them.</summary>
    public static RootCommand Create(Func<CommandLine, int> run)
    {
        var data = CommandOption.Text("--data", "DIR",
            "Folder of emoji.tsv and STYLE_32x32_rgb.bin.gz. Without it, the part of them that comes with the samples.");
        var output = CommandOption.Text("--out", "DIR", "Where the picture of the search goes.", ".");
        var json = CommandOption.Text("--json", "FILE", "Every figure, rewritten after every training.");
        var seeds = CommandOption.Number("--seeds", "N", "Seeds 1 to N.", 3);
        var steps = CommandOption.Number("--steps", "N", "Steps of every training.", 400);
        var methods = CommandOption.List(
            "--methods", "LIST", $"Names separated by commas, of {string.Join(", ", Method.All.Select(method => method.Name))}. Without it, all.",
                Method.Named);
        var command = new RootCommand("Learns to find emoji by words and words by emoji from a tenth of the pairs, and draws what is found.")
        {
            data, output, json, seeds, steps, methods,
        };
        command.SetAction(result => run(new CommandLine
        {
            DataFolder = result.GetValue(data) ?? EmojiData.Own,
            OutFolder = result.GetRequiredValue(output)!,
            JsonFile = result.GetValue(json),
            Seeds = result.GetValue(seeds),
            Steps = result.GetValue(steps),
            Methods = result.GetValue(methods) ?? Method.All,
        }));
        return command;
    }
}
