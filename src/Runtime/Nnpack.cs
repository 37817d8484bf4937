using System.Runtime.InteropServices;

namespace Microsoft.ML.GentleClip.Runtime;

/// <summary>
/// NNPACK, one of libtorch's ways to convolve on a CPU. On a processor that it does not know libtorch writes "Could not initialize NNPACK! Reason:
/// Unsupported hardware."
/// to the error stream at convolutions, and takes another way. There it is told beforehand not to ask: results are the same, nothing else is
/// silenced, and where NNPACK
/// works it stays on.
/// </summary>
internal static unsafe class Nnpack
{
    private const string Library = "libtorch_cpu.so";
    private const string Initialize = "nnp_initialize", Context = "_ZN2at13globalContextEv", Enable = "_ZN2at7Context20setUserEnabledNNPACKEb";

    /// <summary>Linux: turns NNPACK off if it does not work on this processor. Before the first convolution; libtorch is loaded. Does nothing where
    /// libtorch lacks the switch.</summary>
    public static void TurnOffWhereUnsupported()
    {
        if (LoadedLibrary.Find(Library) is var library && library != 0
            && NativeLibrary.TryGetExport(library, Initialize, out var initialize)
            && ((delegate* unmanaged<int>)initialize)() != 0) // what libtorch itself asks; a second call gives the first one's answer
        {
            TurnOff(library);
        }
    }

    /// <summary>Turns NNPACK off.</summary>
    private static void TurnOff(nint library)
    {
        if (NativeLibrary.TryGetExport(library, Context, out var context) && NativeLibrary.TryGetExport(library, Enable, out var enable))
            ((delegate* unmanaged<nint, byte, void>)enable)(((delegate* unmanaged<nint>)context)(), 0);
    }
}
