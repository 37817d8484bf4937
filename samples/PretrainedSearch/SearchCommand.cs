using System.CommandLine;
using Microsoft.ML.GentleClip.Programs;

namespace PretrainedSearch;

/// <summary>The command line.</summary>
internal static class SearchCommand
{
    /// <summary>Makes it.</summary>
    /// <param name="output">Takes the figures.</param>
    /// <param name="cancellation">Ends the work.</param>
    public static RootCommand Create(TextWriter output, CancellationToken cancellation)
    {
        var pairs = CommandOption.Number("--pairs", "N", "Drawings whose words are known. Default 200.", 200, smallest: 5);
        var seeds = CommandOption.Number("--seeds", "N", "Seeds 1 to N.", 3);
        var drawings = CommandOption.Number(
            "--drawings", "N", "How many of the 849 drawings are used. Default all.", Drawing.Count, Demonstration.FewestDrawings, Drawing.Count);
        var folder = CommandOption.Text("--out", "DIR", "Where the picture of the search goes.", ".");
        var encode = CommandOption.OptionalNumber("--encode", "N", "Only sends N drawings and N captions through the encoders, and says what that takes.");
        var command = new RootCommand("Finds drawings by words with pretrained encoders and few pairs.") { pairs, seeds, drawings, folder, encode };
        command.Excludes(encode, pairs, seeds, drawings);
        command.SetAction(result =>
        {
            string to = Directory.CreateDirectory(result.GetRequiredValue(folder)!).FullName;
            if (result.GetValue(encode) is { } rows)
                new Encoders(output, cancellation).Measure(rows, to);
            else
                new Demonstration(output, cancellation).Run(result.GetValue(pairs), result.GetValue(seeds), result.GetValue(drawings), to);
        });
        return command;
    }
}
