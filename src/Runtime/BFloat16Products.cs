using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>Whether products of bfloat16 numbers have instructions made for them; libtorch computes them anyway, but far slower than float32.</summary>
internal static class BFloat16Products
{
    private const int ExtendedFeatures = 7;
    private const uint Avx512Bf16 = 1 << 5, AmxBf16 = 1 << 22; // of EAX with subleaf 1, and of EDX with subleaf 0

    /// <summary>What is missing, as a sentence; null where there are such instructions.</summary>
    public static string? Missing(Device device) => device.type switch
    {
        DeviceType.CPU => MissingOnCpu(
            RuntimeInformation.ProcessArchitecture, OperatingSystem.IsLinux(), Features(1).Eax, Features(0).Edx,
            Avx512F.IsSupported, Environment.GetEnvironmentVariable("ONEDNN_MAX_CPU_ISA"), ArmFeatures),
        DeviceType.CUDA => null, // libtorch has them for all GPUs that it runs on, the fast ones from Ampere on
        _ => $"libtorch has no bfloat16 products on device '{device}'.",
    };

    /// <summary>Refuses a setting that asks for them where they are missing.</summary>
    /// <exception cref="NotSupportedException">They are; the message says why.</exception>
    public static void ThrowIfMissing(string setting, Device device)
    {
        if (Missing(device) is { } reason)
            throw new NotSupportedException($"{setting} is BFloat16, but {reason} Choose Float32.");
    }

    /// <summary>The same of a processor that is described.</summary>
    internal static string? MissingOnCpu(
        Architecture architecture, bool isLinux, uint extendedEax, uint extendedEdx, bool hasAvx512, string? limit, Func<string> armFeatures)
    {
        switch (architecture)
        {
            case Architecture.X64 when !hasAvx512 || ((extendedEax & Avx512Bf16) == 0 && (extendedEdx & AmxBf16) == 0):
                return "the processor has neither AVX-512 BF16 nor AMX, with which such products are faster than those of float32.";
            case Architecture.X64 when limit is { Length: > 0 } && !Allows(limit):
                return $"the environment variable ONEDNN_MAX_CPU_ISA is {limit}, which keeps libtorch from the processor's bfloat16 instructions.";
            case Architecture.X64:
                return null;
            case Architecture.Arm64 when isLinux:
                return armFeatures().Split(' ', StringSplitOptions.RemoveEmptyEntries).Contains("bf16")
                    ? null
                    : "the processor's features in /proc/cpuinfo have no bf16, with which such products are faster than those of float32.";
            default:
                return $"libtorch has no fast bfloat16 products on {architecture} processors of this operating system.";
        }
    }

    private static bool Allows(string limit)
    {
        var name = limit.ToUpperInvariant();
        return name is "ALL" or "DEFAULT" || name.Contains("BF16", StringComparison.Ordinal) || name.Contains("FP16", StringComparison.Ordinal)
            || name.Contains("AMX", StringComparison.Ordinal) || name.StartsWith("AVX10", StringComparison.Ordinal);
    }

    private static (uint Eax, uint Edx) Features(int subleaf)
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < ExtendedFeatures)
            return (0, 0);
        var (eax, _, _, edx) = X86Base.CpuId(ExtendedFeatures, subleaf);
        return ((uint)eax, (uint)edx);
    }

    private static string ArmFeatures()
    {
        try
        {
            return File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("Features", StringComparison.Ordinal)) ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }
}
