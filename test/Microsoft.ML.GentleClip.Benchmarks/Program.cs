using Microsoft.ML.GentleClip.Benchmarks;

try
{
    return CommandLine.Parse(args).Run();
}
catch (ArgumentException e)
{
    Console.Error.WriteLine($"{e.Message}\n\n{CommandLine.Usage}");
    return 2;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or MeasurementException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
