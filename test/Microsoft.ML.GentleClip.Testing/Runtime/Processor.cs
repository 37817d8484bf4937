using System.Runtime.InteropServices;

namespace Microsoft.ML.GentleClip.Tests.Runtime;

/// <summary>
/// With which processor's instructions this process computes. Figures of a training differ between them in the last bits, and after some steps in more;
/// ATEN_CPU_CAPABILITY and MKL_CBWR make one machine compute as another.
/// </summary>
internal static class Processor
{
    private const int BytesOfString = 32, BranchOption = 1;

    private static readonly string[] Variables = ["ATEN_CPU_CAPABILITY", "MKL_CBWR", "OMP_NUM_THREADS", "DOTNET_EnableAVX2"];

    /// <summary>Where libtorch can be asked, and where the variables are heard.</summary>
    public static bool IsLinuxOnX64 => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64;

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate nint ReturnsString(nint result);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int TakesOption(int option);

    /// <summary>One line: the machine, what libtorch and MKL have chosen where they are loaded, and the variables that steer them.</summary>
    public static string Describe() =>
        $"Processor: {Model()}, {Environment.ProcessorCount} cores; libtorch's kernels {TorchKernels() ?? "unknown"}, MKL's branch {MklBranch() ?? "unknown"}; "
        + string.Join(", ", Variables.Select(name => $"{name} {Environment.GetEnvironmentVariable(name) ?? "not set"}"));

    /// <summary>DEFAULT, AVX2 or AVX512; null where libtorch is not loaded or does not tell.</summary>
    public static string? TorchKernels()
    {
        if (Export("_ZN2at18get_cpu_capabilityB5cxx11Ev") is not { } function)
            return null;
        // A std::string comes back in memory of the caller: pointer, length, and room for 15 characters, which is enough.
        var memory = Marshal.AllocHGlobal(BytesOfString);
        try
        {
            Marshal.GetDelegateForFunctionPointer<ReturnsString>(function)(memory);
            return Marshal.PtrToStringUTF8(Marshal.ReadIntPtr(memory), (int)Marshal.ReadInt64(memory, sizeof(long)));
        }
        finally
        {
            Marshal.FreeHGlobal(memory);
        }
    }

    /// <summary>The branch of code that MKL_CBWR asked for; null where libtorch is not loaded or does not tell.</summary>
    public static string? MklBranch()
    {
        if (Export("mkl_serv_cbwr_get") is not { } function)
            return null;
        // The numbers of MKL's header mkl_types.h.
        return Marshal.GetDelegateForFunctionPointer<TakesOption>(function)(BranchOption) switch
        {
            1 => "off",
            2 => "auto",
            3 => "compatible",
            9 => "AVX",
            10 => "AVX2",
            12 => "AVX512",
            var other => $"{other}",
        };
    }

    // Of the libtorch that the process holds; none is loaded for this. How a string comes back is known for this kind of machine.
    private static nint? Export(string name)
    {
        if (!IsLinuxOnX64)
            return null;
        var path = File.ReadLines("/proc/self/maps").Select(line => line.IndexOf('/') is >= 0 and var at ? line[at..] : "")
            .FirstOrDefault(path => Path.GetFileName(path) == "libtorch_cpu.so");
        return path is not null && NativeLibrary.TryLoad(path, out var library) && NativeLibrary.TryGetExport(library, name, out var address) ? address : null;
    }

    private static string Model()
    {
        const string file = "/proc/cpuinfo";
        var line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?.Split(':')[^1].Trim() ?? $"{RuntimeInformation.ProcessArchitecture}";
    }
}
