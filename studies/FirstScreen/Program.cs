using FirstScreen;
using Microsoft.ML.GentleClip.Programs;

return await ConsoleProgram.RunAsync(args, cancellation => CommandLine.Create(commandLine =>
{
    Study.Run(commandLine, Console.Out, cancellation);
    return 0;
}));
