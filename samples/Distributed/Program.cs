using Distributed;
using Microsoft.ML.GentleClip.Programs;

return await ConsoleProgram.RunAsync(
    args,
    cancellation => CommandLine.Create(Console.Out, cancellation),
    problem => problem is ArgumentException or IOException ? ConsoleProgram.Failed : null);
