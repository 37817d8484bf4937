using Experiments;
using Experiments.Configuration;
using Microsoft.ML.GentleClip.Programs;

return await ConsoleProgram.RunAsync(
    args,
    cancellation => CommandLine.Create(commandLine => Experiment.Run(commandLine, Console.Out, cancellation)),
    problem => problem is ConfigurationException ? ConsoleProgram.WrongUsage : null,
    "Cancelled. The same command goes on with the cells that are missing.");
