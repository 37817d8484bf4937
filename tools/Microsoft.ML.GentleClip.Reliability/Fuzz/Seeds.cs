using Microsoft.ML.GentleClip.Weights;

namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>Sound files to break, and checks of weights that were read from broken ones.</summary>
internal static class Seeds
{
    public static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "seeds", name));

    /// <summary>Weights are contiguous and not larger than the file allows.</summary>
    public static void CheckTensors(StateDict tensors, int length, int growth)
    {
        var bytes = tensors.Values.Sum(tensor => tensor.numel() * tensor.element_size());
        if (bytes > (long)length * growth + (1 << 20))
            throw new LossException($"{length} bytes gave tensors of {bytes}.");
        if (tensors.Values.Any(tensor => !tensor.is_contiguous()))
            throw new LossException("A tensor is not contiguous.");
    }
}
