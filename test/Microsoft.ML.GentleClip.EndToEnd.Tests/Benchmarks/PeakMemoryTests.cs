using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.GentleClip.Benchmarks;

namespace Microsoft.ML.GentleClip.Tests.Benchmarks;

/// <summary>
/// What forward and backward of 4096 rows of 256 dimensions take at most, in a process of its own. Measured: 60 to 160 MB; without row
/// blocks 340 (self-supervised) to 1,300 MB (discrepancy). One whole matrix of pairs has 67 MB, a row block's buffer 17, a side's rows 4.
/// </summary>
[TestClass]
public sealed class PeakMemoryTests
{
    private const int Rows = 4096;

    [TestMethod]
    [DataRow("CL", 120)]
    [DataRow("SSL", 110)]
    [DataRow("MMD", 200)]
    [DataRow("SDD", 240)]
    public void StaysFarBelowTheWholeMatrices(string objective, double megabytes)
    {
        var measurement = MeasureOnce(objective);
        Assert.IsNull(measurement.Refusal);
        Assert.IsInRange(30, megabytes, measurement.PeakMegabytes); // less would mean that nothing was measured: gradients and one buffer have 26
    }

    private static Measurement MeasureOnce(string objective)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])[typeof(Measurement).Assembly.Location, "measure", objective, Rows.ToString(CultureInfo.InvariantCulture),
            nameof(Form.Ours), "--once"])
            start.ArgumentList.Add(argument);
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, error.Result);
        return Measurement.FromJson(output);
    }
}
