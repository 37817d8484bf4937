using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>The folders in which an application's packages put TorchSharp's native libraries.</summary>
internal static class NativeFolders
{
    /// <summary>The runtime identifier whose native libraries this process can use, e.g. linux-x64.</summary>
    public static string RuntimeIdentifier { get; } =
        (OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")
        + RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => "-x64",
            Architecture.Arm64 => "-arm64",
            var other => $"-{other}".ToLowerInvariant()
        };

    /// <summary>
    /// In a notebook or script TorchSharp.dll lies in the NuGet cache, <c>torchsharp/VERSION/lib/TARGET</c>, and TorchSharp gathers
    /// its packages' native files by itself.
    /// </summary>
    public static string? CachedPackage { get; } = FindCachedPackage();

    /// <summary>Existing folders, each once, in the order in which the runtime would look; missing ones too when asked for.</summary>
    public static IReadOnlyList<string> List(bool existing = true) => [.. All()
        .Where(folder => folder.Length > 0)
        .Select(folder => Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))
        .Distinct(StringComparer.Ordinal)
        .Where(folder => !existing || Directory.Exists(folder))];

    /// <summary>The first folder's file of that name, or null.</summary>
    public static string? Find(string fileName) => List().Select(folder => Path.Combine(folder, fileName)).FirstOrDefault(File.Exists);

    private static IEnumerable<string> All()
    {
        var native = Path.Combine("runtimes", RuntimeIdentifier, "native");
        var assembly = Path.GetDirectoryName(TorchSharpLocation) ?? "";
        // A plugin's own files stand beside it; the application's folders are its host's.
        if (AssemblyLoadContext.GetLoadContext(typeof(torch).Assembly) != AssemblyLoadContext.Default && assembly.Length > 0)
        {
            yield return assembly;
            yield return Path.Combine(assembly, native);
        }
        // The packages' folders in the NuGet cache, or where the application was published to.
        foreach (var folder in ((string?)AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") ?? "").Split(Path.PathSeparator))
            yield return folder;
        foreach (var root in (string[])[AppContext.BaseDirectory, assembly])
        {
            yield return root;
            yield return root.Length > 0 ? Path.Combine(root, native) : "";
        }
        if (CachedPackage is null)
            yield break;
        yield return Path.Combine(CachedPackage, native);
        var packages = Path.GetFullPath(Path.Combine(CachedPackage, "..", ".."));
        var libtorch = Path.Combine(packages, $"libtorch-cpu-{RuntimeIdentifier}");
        if (Directory.Exists(libtorch) && Directory.GetDirectories(libtorch) is [var only]) // With several, TorchSharp knows which.
            yield return Path.Combine(only, native);
    }

    private static string? FindCachedPackage()
    {
        var parts = TorchSharpLocation.Split(Path.DirectorySeparatorChar);
        return parts is [.., var package, _, "lib", _, _] && package.Equals("torchsharp", StringComparison.OrdinalIgnoreCase)
            ? string.Join(Path.DirectorySeparatorChar, parts[..^3])
            : null;
    }

    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "Empty there, which is handled: the application's own folder holds the files.")]
    private static string TorchSharpLocation => typeof(torch).Assembly.Location;
}
