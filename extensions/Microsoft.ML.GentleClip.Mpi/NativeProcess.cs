using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Microsoft.ML.GentleClip.Mpi;

/// <summary>What only the C library can do to a process.</summary>
internal static partial class NativeProcess
{
    /// <summary>Sets a variable that native code will see, unless it is set.</summary>
    public static void SetDefault(string variable, string value)
    {
        if (!OperatingSystem.IsWindows() && Environment.GetEnvironmentVariable(variable) is null)
            _ = SetEnvironment(variable, value, 0);
    }

    /// <summary>Ends the process at once, whatever its threads are doing.</summary>
    public static void Exit(int code)
    {
        if (!OperatingSystem.IsWindows())
            ExitNow(code);
        using var own = Process.GetCurrentProcess();
        own.Kill();
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitNow(int code);
}
