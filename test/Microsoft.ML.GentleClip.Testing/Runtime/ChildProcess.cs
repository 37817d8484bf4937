using System.Diagnostics;

namespace Microsoft.ML.GentleClip.Tests.Runtime;

/// <summary>Runs the FreshProcess program, found beside the tests or in another folder, to its end.</summary>
internal static class ChildProcess
{
    private const string Program = "Microsoft.ML.GentleClip.FreshProcess";

    public sealed record Result(int ExitCode, string Output, string Error)
    {
        public IReadOnlyList<string> Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        public override string ToString() => $"exit code {ExitCode}\n{Output}\n{Error}";
    }

    public static Result Run(string folder, string[] arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.ArgumentList.Add(Path.Combine(folder, Program + ".dll"));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["DOTNET_EnableDiagnostics"] = "0"; // else the runtime itself puts pipes into the temporary folder
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Result(process.ExitCode, output, error.Result);
    }

    /// <summary>Copies the program with its managed libraries into a folder, without any native one but TorchSharp's own bridge.</summary>
    public static void CopyManaged(string target)
    {
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory))
            if (Path.GetFileName(file) is var name && (name.EndsWith(".dll", StringComparison.Ordinal) || name.StartsWith(Program, StringComparison.Ordinal)
                || name == "libLibTorchSharp.so"))
                File.Copy(file, Path.Combine(target, name));
    }
}
