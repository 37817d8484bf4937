namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>Writes a file whole or not at all: a reader, and a process killed meanwhile, leaves the old content or the new.</summary>
internal static class AtomicFile
{
    /// <summary>Writes beside the file, flushes to disk, then renames over it. If <paramref name="write"/> throws, the old file stays.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        var target = new FileInfo(path) is { LinkTarget: not null } link ? link.ResolveLinkTarget(returnFinalTarget: true)!.FullName : Path.GetFullPath(path);
        var temporary = $"{target}.{Path.GetRandomFileName()}.tmp";
        var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 1 << 16);
        try
        {
            using (stream)
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, target, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
