using Microsoft.ML.GentleClip.Programs;
using Microsoft.ML.GentleClip.Reliability;

return await ConsoleProgram.RunAsync(args, ReliabilityCommand.Create(Console.Out));
