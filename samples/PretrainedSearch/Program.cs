using Microsoft.ML.GentleClip.Programs;
using PretrainedSearch;

return await ConsoleProgram.RunAsync(args, cancellation => SearchCommand.Create(Console.Out, cancellation),
    problem => problem is ArgumentException ? ConsoleProgram.WrongUsage : null);
