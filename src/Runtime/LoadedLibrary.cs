using System.Runtime.InteropServices;
using System.Text;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>Linux: the libraries that the process holds, and the names under which its dynamic loader knows them.</summary>
internal static unsafe partial class LoadedLibrary
{
    private const int Lazy = 1, NoLoad = 4, MapOf = 2;

    /// <summary>The handle of a library that is loaded already, by its name or path; 0 where none is.</summary>
    public static nint Find(string name)
    {
        try
        {
            return Open(name, Lazy | NoLoad);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return 0;
        }
    }

    /// <summary>The path under which the loader knows a library, or null where it does not tell.</summary>
    public static string? NameOf(nint library)
    {
        var map = Map(library);
        return map is null ? null : Marshal.PtrToStringUTF8(map->Name);
    }

    /// <summary>
    /// Makes the loader know a library under another path: whoever opens that path gets it, without a look at the file. glibc compares the name that
    /// is asked for with
    /// this one first. The former name stays in memory, as others may be reading it; where the loader does not tell, nothing happens.
    /// </summary>
    public static void Rename(nint library, string path)
    {
        var map = Map(library);
        if (map is null)
            return;
        var bytes = Encoding.UTF8.GetBytes(path);
        var name = (byte*)NativeMemory.AllocZeroed((nuint)bytes.Length + 1); // malloc's, as the loader frees it when the library goes
        bytes.CopyTo(new Span<byte>(name, bytes.Length));
        Volatile.Write(ref map->Name, (nint)name);
    }

    private static LinkMap* Map(nint library)
    {
        LinkMap* map = null;
        try
        {
            return Ask(library, MapOf, &map) == 0 ? map : null;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "dlopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Open(string name, int flags);

    [LibraryImport("libc", EntryPoint = "dlinfo")]
    private static partial int Ask(nint library, int request, void* answer);

    // The beginning of struct link_map, as <link.h> promises it.
    [StructLayout(LayoutKind.Sequential)]
    private struct LinkMap
    {
        public nint Address;
        public nint Name;
    }
}
