using Microsoft.Extensions.Options;
using Serving;

if (args.Contains("--help") || args.Contains("-h"))
{
    Console.WriteLine(ServingOptions.Usage);
    return 0;
}

await using var app = Server.Build(args);
try
{
    await app.RunAsync();
    return 0;
}
catch (OperationCanceledException)
{
    return 130; // stopped before it was ready
}
catch (Exception problem)
    when (problem is OptionsValidationException or IOException or InvalidDataException or UnauthorizedAccessException or FormatException
        or InvalidOperationException or ArgumentException)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}
