using Microsoft.ML.GentleClip.Reliability;

return ReliabilityCommand.Run(args, Console.Out, Console.Error);
