using System.Diagnostics;

namespace Microsoft.ML.GentleClip.Tests.Documentation;

/// <summary>Packages that were just packed, and projects that know nothing but them.</summary>
internal static class PackageFeed
{
#if DEBUG
    public const string Configuration = "Debug";
#else
    public const string Configuration = "Release";
#endif

    // The feed and the packages that this repository was restored with, so that nothing is asked of the network; a folder of its own for what comes from the
    // feed.
    public static void WriteNuGetConfig(string folder, string feed)
    {
        string shared = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        File.WriteAllText(Path.Combine(folder, "nuget.config"), $"""
            <configuration>
              <config>
                <add key="globalPackagesFolder" value="{Path.Combine(folder, "packages")}" />
              </config>
              <packageSources>
                <clear />
                <add key="feed" value="{feed}" />
                <add key="restored" value="{shared}" />
              </packageSources>
              <fallbackPackageFolders>
                <clear />
                <add key="restored" value="{shared}" />
              </fallbackPackageFolders>
            </configuration>
            """);
    }

    public static string Dotnet(string folder, params string[] arguments) => Dotnet(folder, 0, arguments);

    public static string Dotnet(string folder, int? expected, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // What the test host's own build set would steer the child's.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        start.Environment["OMP_NUM_THREADS"] = "1";
        // Half a gigabyte of libtorch that the test need not copy.
        start.Environment["CreateHardLinksForCopyLocalIfPossible"] = "true";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        string all = output + error.Result;
        Assert.IsTrue(expected is { } code ? process.ExitCode == code : process.ExitCode != 0,
            $"dotnet {string.Join(' ', arguments)} ended with {process.ExitCode}: {all}");
        return all;
    }
}
