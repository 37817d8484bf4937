using System.Diagnostics;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>This program in a process of its own.</summary>
internal static class ChildProgram
{
    /// <summary>
    /// The variable that bounds the garbage a process keeps before it collects. Without it the bound is the processor's last cache, of which some have
    /// hundreds of megabytes, and a process grows by that much before it is flat.
    /// </summary>
    public const string Generation0 = "DOTNET_GCgen0size";

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
        start.Environment[Generation0] = "0x1000000";
        return Process.Start(start)!;
    }

    /// <summary>Starts it, passes on what it prints, and gives its exit code.</summary>
    public static int Pass(IEnumerable<string> arguments, TextWriter output)
    {
        using var process = Start(arguments);
        var error = process.StandardError.ReadToEndAsync();
        while (process.StandardOutput.ReadLine() is { } line)
            output.WriteLine(line);
        process.WaitForExit();
        output.Write(error.GetAwaiter().GetResult());
        return process.ExitCode;
    }
}
