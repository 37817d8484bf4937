using System.Globalization;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>Chooses where tensors are computed, in ML.NET's habit of a GPU number and a permission to fall back to the CPU.</summary>
internal static class ComputeDevice
{
    private const string Cuda = "cuda", Cpu = "cpu";

    /// <summary>The device that the options and the environment ask for.</summary>
    /// <param name="requested">"cpu", "cuda", "cuda:N", or null: then <paramref name="gpuDeviceId"/> decides.</param>
    /// <param name="gpuDeviceId">
    /// <c>MLContext.GpuDeviceId</c>: the GPU for a request without number; null means the CPU where nothing is requested, else GPU 0.
    /// </param>
    /// <param name="fallbackToCpu"><c>MLContext.FallbackToCpu</c>: whether a GPU that is not there is replaced by the CPU, with a warning.</param>
    /// <param name="warn">Receives the warning.</param>
    /// <exception cref="ArgumentException">The request is none of the three forms, or the GPU's number is negative.</exception>
    /// <exception cref="InvalidOperationException">The GPU is not there and falling back is not allowed.</exception>
    public static torch.Device Resolve(string? requested, int? gpuDeviceId, bool fallbackToCpu, Action<string>? warn) =>
        Resolve(requested, gpuDeviceId, fallbackToCpu, warn, CountGpus);

    /// <summary>The same with another source of the number of GPUs.</summary>
    internal static torch.Device Resolve(string? requested, int? gpuDeviceId, bool fallbackToCpu, Action<string>? warn, Func<int> countGpus)
    {
        TorchNativeLibrary.EnsureLoaded();
        if (IndexOf(requested, gpuDeviceId) is not { } index)
            return new torch.Device(DeviceType.CPU);
        var count = countGpus();
        if (index < count)
            return new torch.Device(DeviceType.CUDA, index);
        var reason = count == 0
            ? $"Device '{Cuda}:{index}' is not available: TorchSharp finds no CUDA device (no NVIDIA GPU or driver, or the application has the package "
                + $"TorchSharp-cpu instead of TorchSharp-cuda-linux or TorchSharp-cuda-windows)."
            : $"Device '{Cuda}:{index}' is not available: the machine has {count} CUDA device(s), numbered from 0.";
        if (!fallbackToCpu)
            throw new InvalidOperationException(reason + " Choose 'cpu', or set MLContext.FallbackToCpu.");
        warn?.Invoke(reason + " The CPU is used instead.");
        return new torch.Device(DeviceType.CPU);
    }

    /// <summary>The GPU's number, or null for the CPU.</summary>
    private static int? IndexOf(string? requested, int? gpuDeviceId)
    {
        if (gpuDeviceId < 0)
            throw new ArgumentOutOfRangeException(nameof(gpuDeviceId), gpuDeviceId, "A GPU's number is 0 or larger.");
        return requested switch
        {
            null => gpuDeviceId,
            Cpu => null,
            Cuda => gpuDeviceId ?? 0,
            _ when requested.StartsWith(Cuda + ":", StringComparison.Ordinal)
                && int.TryParse(requested.AsSpan(Cuda.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var index) => index,
            _ => throw new ArgumentException($"Device '{requested}' is unknown; expected '{Cpu}', '{Cuda}' or '{Cuda}:N', N = 0, 1, ...", nameof(requested)),
        };
    }

    private static int CountGpus() => torch.cuda.is_available() ? torch.cuda.device_count() : 0;
}
