using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>What a host environment decides for the components below it.</summary>
internal static class HostSettings
{
    /// <summary>Seed given to the <see cref="MLContext"/>, or null.</summary>
    public static int? Seed(IHostEnvironment environment) => (environment as IHostEnvironmentInternal)?.Seed;

    /// <summary><see cref="MLContext.GpuDeviceId"/>.</summary>
    public static int? GpuDeviceId(IHostEnvironment environment) => (environment as IHostEnvironmentInternal)?.GpuDeviceId;

    /// <summary><see cref="MLContext.FallbackToCpu"/>.</summary>
    public static bool FallbackToCpu(IHostEnvironment environment) => (environment as IHostEnvironmentInternal)?.FallbackToCpu ?? true;

    /// <summary><see cref="MLContext.TempFilePath"/>, the folder for temporary files; null where the environment has none.</summary>
    public static string? TempFilePath(IHostEnvironment? environment) => (environment as IHostEnvironmentInternal)?.TempFilePath;

    /// <summary>Whether the host was told to stop.</summary>
    public static bool IsCanceled(IHostEnvironment environment) => environment is ICancelable { IsCanceled: true };
}
