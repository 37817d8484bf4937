using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Runtime;

/// <summary>Tests use torch directly, often before the library: its native libraries are loaded with the test assembly.</summary>
internal static class TorchForTests
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255:The 'ModuleInitializer' attribute should not be used in libraries",
        Justification = "The tests' entry point is the runner's.")]
    internal static void Load() => TorchNativeLibrary.EnsureLoaded();
}
