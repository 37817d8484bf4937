using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>Linux: loads a shared library from bytes. Nothing stays behind on disk, not even when the process is killed meanwhile.</summary>
internal static partial class PrivateLibrary
{
    private const uint CloseOnExec = 1;
    private static int _count;

    /// <summary>Loads the image; its own needs must be loaded already, as it has no folder to look in.</summary>
    /// <param name="image">A complete shared library.</param>
    /// <param name="name">Shown in the process's list of mapped files.</param>
    /// <param name="inMemory">False skips the memory file and goes by a nameless file in the temporary folder.</param>
    /// <exception cref="DllNotFoundException">The loader refused the image.</exception>
    public static nint Load(ReadOnlySpan<byte> image, string name, bool inMemory = true)
    {
        using var file = (inMemory ? OpenInMemory(name) : null) ?? OpenNameless();
        RandomAccess.Write(file, image, 0);
        // The loader takes an equal path for the same library, and descriptors are reused: spell each one differently.
        var spelling = string.Concat(Enumerable.Repeat("./", Interlocked.Increment(ref _count)));
        return NativeLibrary.Load($"/proc/self/{spelling}fd/{file.DangerousGetHandle()}"); // The mapping outlives the descriptor.
    }

    private static SafeFileHandle? OpenInMemory(string name)
    {
        var descriptor = -1;
        try
        {
            descriptor = CreateMemoryFile(name, CloseOnExec);
        }
        catch (EntryPointNotFoundException)
        {
            // An old C library: fall through.
        }
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    // For systems that forbid executable memory files: the name goes before the first byte is written.
    private static SafeFileHandle OpenNameless()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        File.Delete(path);
        return file;
    }

    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateMemoryFile(string name, uint flags);
}
