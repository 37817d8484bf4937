using VectorSearch;

CommandLine commandLine;
try
{
    commandLine = CommandLine.Parse(args);
}
catch (ArgumentException problem)
{
    Console.Error.WriteLine(problem.Message);
    Console.Error.WriteLine(CommandLine.Usage);
    return 2;
}

if (commandLine.Help)
{
    Console.WriteLine(CommandLine.Usage);
    return 0;
}

using var cancellation = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true; // the training stops at its next step
    cancellation.Cancel();
};

try
{
    await new Demonstration(Console.Out).RunAsync(commandLine, cancellation.Token);
    return 0;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("Cancelled.");
    return 130;
}
catch (Exception problem) when (problem is IOException or InvalidDataException or UnauthorizedAccessException or FormatException or ArgumentException)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}
