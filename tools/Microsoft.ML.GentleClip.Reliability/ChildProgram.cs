using System.Diagnostics;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>This program in a process of its own.</summary>
internal static class ChildProgram
{
    /// <summary>Starts it, also where a test's host has loaded it.</summary>
    public static Process Start(IEnumerable<string> arguments, string? temporaryFolder = null)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(typeof(ChildProgram).Assembly.Location);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["DOTNET_EnableDiagnostics"] = "0"; // else a killed one leaves pipes in the temporary folder
        if (temporaryFolder is not null)
            start.Environment["TMPDIR"] = temporaryFolder;
        return Process.Start(start)!;
    }
}
