using Microsoft.Extensions.Options;
using Microsoft.ML.GentleClip.Programs;
using Serving;

if (args.Contains("--help") || args.Contains("-h"))
{
    Console.WriteLine(ServingOptions.Usage);
    return 0;
}

if (args is ["train", .. var training])
    return await ConsoleProgram.RunAsync(training, Training.Create);

if (ServingOptions.Fault(args) is { } fault)
{
    Console.Error.WriteLine(fault);
    return ConsoleProgram.WrongUsage;
}

await using var app = Server.Build(args);
var readiness = app.Services.GetRequiredService<Readiness>(); // a host that has run hands out nothing any more
try
{
    await app.RunAsync();
}
catch (Exception problem) when (Message(problem) is { } message)
{
    return Failed(message);
}
// What went wrong after the server began to listen.
return readiness.Problem switch
{
    null => 0,
    OperationCanceledException => 130, // stopped before it was ready
    var problem when Message(problem) is { } message => Failed(message),
    var problem => throw new InvalidOperationException("The server could not load what it serves.", problem),
};

static int Failed(string message)
{
    Console.Error.WriteLine(message);
    return 1;
}

static string? Message(Exception problem) =>
    problem is OptionsValidationException or IOException or InvalidDataException or UnauthorizedAccessException or FormatException or InvalidOperationException
        or ArgumentException
        ? problem.Message
        : null;
