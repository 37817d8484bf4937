using Microsoft.ML.GentleClip.Programs;
using ProteinTasks;

return await ConsoleProgram.RunAsync(
    args,
    cancellation => CommandLine.Create(commandLine =>
    {
        Study.Run(commandLine, Console.Out, cancellation);
        return 0;
    }),
    cancelled: "Cancelled. The same command goes on with the stages that are missing.");
