using Microsoft.ML.GentleClip.Programs;
using VectorSearch;

return await ConsoleProgram.RunAsync(
    args,
    cancellation => CommandLine.Create(async commandLine =>
    {
        await new Demonstration(Console.Out).RunAsync(commandLine, cancellation);
        return 0;
    }),
    problem => problem is FormatException or ArgumentException ? ConsoleProgram.Failed : null);
