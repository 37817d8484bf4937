using Microsoft.ML.GentleClip.Runtime;
using TorchSharp;
using Chip = System.Runtime.InteropServices.Architecture;

namespace Microsoft.ML.GentleClip.Tests.Runtime;

[TestClass]
public sealed class BFloat16ProductsTests
{
    private const uint Bf16 = 1 << 5, Amx = 1 << 22;

    [TestMethod]
    public void AProcessorNeedsInstructionsForThem()
    {
        Assert.IsNull(Missing(eax: Bf16));
        Assert.IsNull(Missing(edx: Amx));
        Assert.Contains("neither AVX-512 BF16 nor AMX", Missing()!);
        Assert.Contains("neither AVX-512 BF16 nor AMX", Missing(eax: Bf16, avx512: false)!);
        Assert.Contains("Arm64 processors of this operating system", Missing(Chip.Arm64, isLinux: false)!);
        Assert.Contains("X86 processors", Missing(Chip.X86)!);
        Assert.IsNull(Missing(Chip.Arm64, arm: "Features\t: fp asimd bf16 i8mm"));
        Assert.Contains("/proc/cpuinfo have no bf16", Missing(Chip.Arm64, arm: "Features\t: fp asimd svebf16")!);
    }

    [TestMethod]
    public void ALimitOfTheEnvironmentCounts()
    {
        foreach (var allowed in new[] { null, "", "ALL", "DEFAULT", "avx512_core_bf16", "AVX512_CORE_FP16", "AVX512_CORE_AMX", "AVX10_1_512" })
            Assert.IsNull(Missing(eax: Bf16, limit: allowed), allowed);
        foreach (var forbidden in new[] { "AVX2", "avx512_core", "AVX512_CORE_VNNI", "SSE41" })
            Assert.Contains($"ONEDNN_MAX_CPU_ISA is {forbidden}", Missing(eax: Bf16, limit: forbidden)!);
    }

    [TestMethod]
    public void DevicesWithoutThemAreRefused()
    {
        Assert.Contains("no bfloat16 products on device 'mps", BFloat16Products.Missing(new torch.Device(DeviceType.MPS))!);
        var message = Assert.ThrowsExactly<NotSupportedException>(
            () => BFloat16Products.ThrowIfMissing("GentleClipOptions.Precision", new torch.Device(DeviceType.MPS))).Message;
        Assert.StartsWith("GentleClipOptions.Precision is BFloat16, but libtorch has no", message);
        Assert.EndsWith("Choose Float32.", message);
    }

    private static string? Missing(
        Chip architecture = Chip.X64, uint eax = 0, uint edx = 0, bool avx512 = true, string? limit = null, bool isLinux = true,
        string arm = "") => BFloat16Products.MissingOnCpu(architecture, isLinux, eax, edx, avx512, limit, () => arm);
}
