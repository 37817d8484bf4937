using System.CommandLine;
using Microsoft.ML.GentleClip.Programs;

namespace VectorSearch;

/// <summary>What the user asked for.</summary>
internal sealed record CommandLine(string? Model, int Steps)
{
    /// <exception cref="ArgumentException">An option is unknown, or its value is missing or wrong.</exception>
    public static CommandLine Parse(params string[] arguments) =>
        ConsoleProgram.Parse<CommandLine>(arguments, run => Create(line => Task.FromResult(run(line))));

    /// <summary>The options around what is done with them.</summary>
    public static RootCommand Create(Func<CommandLine, Task<int>> run)
    {
        var model = CommandOption.Text(
            "--model", "FILE", "The model that comes with samples/Serving, or another of pictures and text with 128 dimensions. Without it, one is trained.");
        var steps = CommandOption.Number("--steps", "N", "Training steps.", EmojiPictures.SmallModel.DefaultSteps);
        var command = new RootCommand("Fills a collection of Microsoft.Extensions.VectorData with pictures of emoji, and searches it by words and by pictures.")
        {
            model, steps,
        };
        command.Excludes(model, steps); // a model that is there is not trained
        command.SetAction((result, _) => run(new CommandLine(result.GetValue(model), result.GetValue(steps))));
        return command;
    }
}
