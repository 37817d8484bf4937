using Microsoft.ML.GentleClip.Benchmarks;

try
{
    return BenchmarkCommand.Parse(args).Run();
}
catch (ArgumentException e)
{
    Console.Error.WriteLine($"{e.Message}\n\n{BenchmarkCommand.Usage}");
    return 2;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or MeasurementException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
