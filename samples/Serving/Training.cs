using System.CommandLine;
using EmojiPictures;
using Microsoft.ML.GentleClip;
using Microsoft.ML.GentleClip.Programs;

namespace Serving;

/// <summary>The command <c>train</c>: makes the model that comes with the server, and says how well it searches.</summary>
internal static class Training
{
    public static RootCommand Create(CancellationToken cancellation)
    {
        var file = CommandOption.Text("--out", "FILE", "Where the model is saved.", ServingOptions.OwnModelName);
        var steps = CommandOption.Number("--steps", "N", "Training steps.", DemoModel.DefaultSteps);
        var command = new RootCommand("Trains the small model of emoji and their words that comes with the server.") { file, steps };
        command.SetAction((result, _) => RunAsync(result.GetValue(file)!, result.GetValue(steps), Console.Out, cancellation));
        return command;
    }

    public static async Task<int> RunAsync(string file, int steps, TextWriter output, CancellationToken cancellation)
    {
        var data = EmojiData.Read(EmojiData.Own);
        using var model = DemoModel.Train(data, steps, new ConsoleProgress("training"), cancellation);
        ModelSource.Save(model, file);
        output.WriteLine($"Saved as {file}, {new FileInfo(file).Length / 1000} kB.");
        output.Write(await DemoModel.MeasureAsync(model, data, cancellation));
        return 0;
    }
}
