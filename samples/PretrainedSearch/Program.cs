using System.CommandLine;
using Microsoft.ML.GentleClip.Programs;
using PretrainedSearch;

return await ConsoleProgram.RunAsync(args, cancellation =>
{
    var pairs = CommandOption.Number("--pairs", "N", "Drawings whose words are known.", 100, smallest: 5);
    var seeds = CommandOption.Number("--seeds", "N", "Seeds 1 to N.", 3);
    var drawings = CommandOption.Number("--drawings", "N", "How many of the 849 drawings are used.", int.MaxValue, smallest: 100);
    var output = CommandOption.Text("--out", "DIR", "Where the picture of the search goes.", ".");
    var command = new RootCommand("Finds drawings by words with pretrained encoders and few pairs.") { pairs, seeds, drawings, output };
    command.SetAction(result => new Demonstration(Console.Out, cancellation).Run(
        result.GetValue(pairs), result.GetValue(seeds), result.GetValue(drawings), result.GetRequiredValue(output)!));
    return command;
});
