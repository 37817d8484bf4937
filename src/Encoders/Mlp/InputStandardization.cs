using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Mean and inverse standard deviation of feature vectors, kept in an encoder's buffers.</summary>
internal static class InputStandardization
{
    // Below this share of its magnitude a feature's spread is rounding, and dividing by it would make noise of a constant.
    private const double SmallestRelativeSpread = 1e-6;

    /// <summary>Sets both from the examples; a constant feature is only centred.</summary>
    public static void Fit(VectorStore examples, Tensor mean, Tensor scale)
    {
        var (means, deviations) = examples.Moments();
        var scales = new float[means.Length];
        for (var i = 0; i < means.Length; i++)
        {
            var inverse = (float)(1 / deviations[i]);
            scales[i] = deviations[i] > SmallestRelativeSpread * Math.Abs(means[i]) && float.IsFinite(inverse) ? inverse : 1;
        }
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        mean.copy_(tensor(Array.ConvertAll(means, value => (float)value)));
        scale.copy_(tensor(scales));
    }
}
