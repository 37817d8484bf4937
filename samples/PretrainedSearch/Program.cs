using System.CommandLine;
using Microsoft.ML.GentleClip.Programs;
using PretrainedSearch;

return await ConsoleProgram.RunAsync(args, cancellation =>
{
    var pairs = CommandOption.Number("--pairs", "N", "Drawings whose words are known. Default 200.", 200, smallest: 5);
    var seeds = CommandOption.Number("--seeds", "N", "Seeds 1 to N.", 3);
    var drawings = CommandOption.Number("--drawings", "N", "How many of the 849 drawings are used.", int.MaxValue, smallest: 100);
    var output = CommandOption.Text("--out", "DIR", "Where the picture of the search goes.", ".");
    var encode = CommandOption.OptionalNumber("--encode", "N", "Only sends N drawings and N captions through the encoders, and says what that takes.");
    var command = new RootCommand("Finds drawings by words with pretrained encoders and few pairs.") { pairs, seeds, drawings, output, encode };
    command.SetAction(result =>
    {
        if (result.GetValue(encode) is { } rows)
            new Encoders(Console.Out, cancellation).Measure(rows, result.GetRequiredValue(output)!);
        else
            new Demonstration(Console.Out, cancellation).Run(
                result.GetValue(pairs), result.GetValue(seeds), result.GetValue(drawings), result.GetRequiredValue(output)!);
    });
    return command;
});
