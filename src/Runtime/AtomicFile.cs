namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>Writes a file whole or not at all: a reader, and a process killed meanwhile, leaves the old content or the new.</summary>
internal static class AtomicFile
{
    /// <summary>Writes beside the file, flushes to disk, then renames over it. If <paramref name="write"/> throws, the old file stays.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        Write(Target(path), () => Target(path), write);
    }

    /// <summary>Writes beside, flushes to disk, then renames to what is known only when all is written.</summary>
    /// <param name="folder">Where to; it must be there.</param>
    /// <param name="prefix">What the temporary file's name begins with.</param>
    /// <param name="nameOf">The file's name, asked for after <paramref name="write"/>.</param>
    /// <param name="write">Writes the content.</param>
    public static void Write(string folder, string prefix, Func<string> nameOf, Action<Stream> write) =>
        Write(Path.Combine(folder, prefix), () => Path.Combine(folder, nameOf()), write);

    /// <summary>The file that is replaced: where a link leads to.</summary>
    public static string Target(string path) =>
        new FileInfo(path) is { LinkTarget: not null } link ? link.ResolveLinkTarget(returnFinalTarget: true)!.FullName : Path.GetFullPath(path);

    private static void Write(string beside, Func<string> target, Action<Stream> write)
    {
        var temporary = $"{beside}.{Path.GetRandomFileName()}.tmp";
        var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 1 << 16);
        try
        {
            using (stream)
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, target(), overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
