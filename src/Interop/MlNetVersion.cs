using System.Globalization;
using System.Reflection;

namespace Microsoft.ML.GentleClip.Interop;

/// <summary>Guards the range of ML.NET versions whose internal members this library was compiled and tested against.</summary>
internal static class MlNetVersion
{
    private const int SupportedMajor = 5;

    /// <summary>Version of the Microsoft.ML package in use.</summary>
    public static Version Current { get; } = Read(typeof(MLContext).Assembly);

    /// <summary>Throws when the ML.NET in use is outside the supported range.</summary>
    /// <exception cref="NotSupportedException">The major version is another one.</exception>
    public static void EnsureSupported() => EnsureSupported(Current);

    /// <summary>Throws when <paramref name="version"/> is outside the supported range.</summary>
    /// <exception cref="NotSupportedException">The major version is another one.</exception>
    public static void EnsureSupported(Version version)
    {
        if (version.Major != SupportedMajor)
            throw new NotSupportedException(string.Create(CultureInfo.InvariantCulture,
                $"Microsoft.ML.GentleClip works with Microsoft.ML {SupportedMajor}.x, found {version}. Reference Microsoft.ML {SupportedMajor}.x or a newer "
                    + $"Microsoft.ML.GentleClip."));
    }

    private static Version Read(Assembly assembly)
    {
        // The assembly version of ML.NET is 1.0.0.0 for every release; the informational version is the package's.
        var text = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0";
        return Version.Parse(text.Split('-', '+')[0]);
    }
}
