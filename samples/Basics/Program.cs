using System.CommandLine;
using Basics;
using Microsoft.ML.GentleClip.Programs;

var name = new Argument<string>("SAMPLE") { Description = $"One of {string.Join(", ", Samples.All.Keys)}." };
name.AcceptOnlyFromAmong([.. Samples.All.Keys]);
var command = new RootCommand("Runs a sample: each is one file of this folder, whose closing comment has what it prints.") { name };
command.SetAction(result =>
{
    Samples.All[result.GetRequiredValue(name)]();
    return 0;
});
return await ConsoleProgram.RunAsync(args, command);
