namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>Finds a libtorch in the process that is none of the application's packages, such as the system's own: TorchSharp's library does not fit
/// it.</summary>
internal static class ForeignTorch
{
    private const string Maps = "/proc/self/maps";

    /// <summary>A sentence that names the files and says what to do, beginning with a blank; nothing where there is none.</summary>
    public static string Describe()
    {
        var found = Find();
        return found.Count == 0 ? "" : $" This process holds a libtorch that is none of the application's packages: {string.Join(", ", found)}. "
            + "It was loaded before Microsoft.ML.GentleClip could load the packages' own, by a use of TorchSharp.torch or by another component. "
            + "Make an estimator first: mlContext.Transforms.GentleClip(...); or take that file off the loader's path (LD_LIBRARY_PATH, the system's folders).";
    }

    /// <summary>Paths of the files.</summary>
    private static List<string> Find()
    {
        if (!File.Exists(Maps))
            return [];
        // The packages' files may be links to elsewhere.
        var own = NativeFolders.List().SelectMany(folder => Directory.EnumerateFiles(folder, "lib*"))
            .Where(IsTorch).Select(file => File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file).ToHashSet(StringComparer.Ordinal);
        return [.. File.ReadLines(Maps)
            .Select(line => line.IndexOf('/') is >= 0 and var at ? line[at..] : "")
            .Where(path => IsTorch(path) && !own.Contains(path) && !path.EndsWith(" (deleted)", StringComparison.Ordinal))
            .Distinct()];
    }

    private static bool IsTorch(string path) =>
        Path.GetFileName(path) is var name && (name.StartsWith("libtorch", StringComparison.Ordinal) || name.StartsWith("libc10", StringComparison.Ordinal));
}
