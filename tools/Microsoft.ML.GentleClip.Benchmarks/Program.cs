using Microsoft.ML.GentleClip.Benchmarks;
using Microsoft.ML.GentleClip.Programs;

return await ConsoleProgram.RunAsync(
    args, BenchmarkCommand.Create(), problem => problem is MeasurementException ? ConsoleProgram.Failed : null);
