using Microsoft.ML.GentleClip.Programs;
using Microsoft.ML.GentleClip.Tool;

return await ConsoleProgram.RunAsync(
    args, cancellation => ToolCommand.Create(new Commands(Console.Out, Console.Error, cancellation)),
    problem => problem is ToolException or ArgumentException or InvalidOperationException or IOException or InvalidDataException or UnauthorizedAccessException
        ? ConsoleProgram.Failed
        : null);
