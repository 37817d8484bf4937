namespace Experiments.Running;

/// <summary>
/// Keeps a folder to one run. The operating system holds the lock for as long as the file is open, so the file that a killed process leaves behind blocks
/// nobody.
/// </summary>
internal sealed class OutputLock : IDisposable
{
    public const string FileName = ".lock";

    private readonly FileStream _file;

    private OutputLock(FileStream file) => _file = file;

    /// <summary>Creates the folder where it is missing, and takes it.</summary>
    /// <exception cref="IOException">Another run has it.</exception>
    public static OutputLock Take(string folder)
    {
        var path = Path.Combine(Directory.CreateDirectory(folder).FullName, FileName);
        while (true)
        {
            var file = Open(path);
            if (File.Exists(path))
                return new OutputLock(file);
            file.Dispose(); // the former run removed it between our opening and locking it, so a lock on it keeps nobody out
        }
    }

    /// <summary>Removes the file and lets go of the folder.</summary>
    public void Dispose() => _file.Dispose();

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (IOException problem) when (File.Exists(path) && problem is not (PathTooLongException or DirectoryNotFoundException))
        {
            throw new IOException(
                $"--out {Path.GetDirectoryName(path)}: another run computes into this folder, it holds {FileName} there; wait for its end or name another "
                    + $"folder.", problem);
        }
    }
}
