using System.CommandLine;
using Microsoft.ML.GentleClip.Programs;
using Transfer;

return await ConsoleProgram.RunAsync(args, cancellation =>
{
    var seeds = CommandOption.Number("--seeds", "N", "Seeds 1 to N. Default 3.", 3);
    var steps = CommandOption.Number("--steps", "N", "Steps of each training of towers. Default 200.", 200);
    var output = CommandOption.Text("--out", "DIR", "Where the model of the large encoder goes.", ".");
    var command = new RootCommand("Carries labels from one side to the other: from a large encoder to a small one, and from one drawing style to another.")
    {
        seeds, steps, output,
    };
    command.SetAction(result =>
    {
        var study = new Study(Console.Out, result.GetValue(steps), cancellation);
        study.Run(Tasks.Styles(), result.GetValue(seeds));
        study.Run(Tasks.Distillation(Console.Out, Directory.CreateDirectory(result.GetRequiredValue(output)!).FullName, cancellation), result.GetValue(seeds));
    });
    return command;
});
