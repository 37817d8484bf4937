using System.Runtime.InteropServices;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>
/// Gives freed native memory back to the system. glibc keeps the pages of freed tensors, so that a long training's resident memory
/// grows though its live tensors do not; other C libraries need no help.
/// </summary>
internal static unsafe class NativeHeap
{
    private const int MillisecondsBetween = 1000;

    private static readonly delegate* unmanaged<nuint, int> MallocTrim = Find();
    private static long _last;

    /// <summary>Whether <see cref="Trim"/> does something in this process.</summary>
    public static bool CanTrim => MallocTrim is not null;

    /// <summary>Returns free pages on Linux with glibc; does nothing elsewhere.</summary>
    public static void Trim()
    {
        if (CanTrim)
            _ = MallocTrim(0);
    }

    /// <summary>Calls <see cref="Trim"/> once per second at most, so that it costs nothing beside work of any size. Any thread may call it.</summary>
    public static void TrimNowAndThen()
    {
        var (now, last) = (Environment.TickCount64, Interlocked.Read(ref _last));
        if (now - last >= MillisecondsBetween && Interlocked.CompareExchange(ref _last, now, last) == last)
            Trim();
    }

    /// <summary>Calls <see cref="Trim"/> when it is disposed.</summary>
    public static TrimAtEnd Later() => default;

    /// <summary>See <see cref="Later"/>.</summary>
    public readonly struct TrimAtEnd : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => Trim();
    }

    // musl has neither the file nor the function.
    private static delegate* unmanaged<nuint, int> Find() =>
        OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out var library) && NativeLibrary.TryGetExport(library, "malloc_trim", out var address)
            ? (delegate* unmanaged<nuint, int>)address
            : null;
}
