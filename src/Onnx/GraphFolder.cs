using System.Globalization;

namespace Microsoft.ML.GentleClip.Onnx;

/// <summary>A folder for a graph that does not fit into one message of protocol buffers, for the time until it is opened.</summary>
internal sealed class GraphFolder : IDisposable
{
    private const long Megabyte = 1_000_000;

    // The nodes beside the weights, and what a file system rounds up to.
    private const long Beside = 16 * Megabyte;

    private readonly string _parent;
    private readonly DirectoryInfo _folder;
    private readonly long _bytes;

    /// <summary>Makes it, only for this user to read.</summary>
    /// <param name="parent">Folder for temporary files; null or empty for the system's.</param>
    /// <param name="bytes">Of the weights.</param>
    /// <exception cref="IOException">The folder cannot be written to, or has no room; the message names it, and what to set.</exception>
    public GraphFolder(string? parent, long bytes)
    {
        _parent = string.IsNullOrEmpty(parent) ? Path.GetTempPath() : Path.GetFullPath(parent);
        _bytes = bytes;
        if (FreeSpace(_parent) is { } free && free < bytes + Beside)
            throw Problem($"has {Megabytes(free)} left; expected {Megabytes(bytes + Beside)}");
        try
        {
            var path = Path.Combine(_parent, $"gentleclip-graph-{Path.GetRandomFileName()}");
            _folder = OperatingSystem.IsWindows() ? Directory.CreateDirectory(path)
                : Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Problem($"cannot be written to: {exception.Message}", exception);
        }
    }

    /// <summary>Writes the graph.</summary>
    /// <param name="write">Writes it to a path.</param>
    /// <returns>The path.</returns>
    /// <exception cref="IOException">It cannot be written; the message names the folder for temporary files, and what to set.</exception>
    public string Write(Action<string> write)
    {
        var path = Path.Combine(_folder.FullName, "graph.onnx");
        try
        {
            write(path);
            return path;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Problem($"does not take it: {exception.Message}", exception);
        }
    }

    /// <summary>Deletes it with what is in it.</summary>
    public void Dispose()
    {
        try
        {
            _folder.Delete(recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Some systems keep a mapped file as long as the session; it lies in the folder for temporary files.
        }
    }

    // Quotas are not in it: a folder that has room may still refuse.
    private static long? FreeSpace(string folder)
    {
        try
        {
            return new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(folder)! : folder).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is ArgumentException or IOException or UnauthorizedAccessException)
        {
            return null; // a share of a network, or no folder at all, which shows when it is written to
        }
    }

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{(bytes + Megabyte - 1) / Megabyte:N0} MB");

    private IOException Problem(string problem, Exception? inner = null) => new(
        $"The model's graph has {Megabytes(_bytes)} of weights, which ONNX Runtime reads from a file in the folder for temporary files, '{_parent}'. "
        + $"It {problem}. Name another folder (MLContext.TempFilePath, or TMPDIR), or score by libtorch (ScoringOptions.Engine = Torch).", inner);
}
