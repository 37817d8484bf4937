using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Options;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Noise for the networks of custom encoders, drawn from the training's own generator on the CPU and moved to the device: equal seeds give equal noise on a GPU
/// too, and a training that is taken up again goes on with the same. TorchSharp's <c>nn.Dropout</c> gives that only on a CPU. Outside of a training's forward
/// passes every method gives its input back.
/// </summary>
public static class EncoderNoise
{
    [ThreadStatic]
    private static NoiseSource? _current;

    /// <summary>Whether a training's forward pass is running on this thread.</summary>
    public static bool IsActive => _current is not null;

    /// <summary>Dropout: zeroes a share of the elements and scales the others by 1 / (1 - share).</summary>
    /// <param name="input">Any shape, floating-point.</param>
    /// <param name="share">0 to below 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public static Tensor Dropout(Tensor input, double share)
    {
        Check.InRangeExclusive(share, 0, 1, nameof(share));
        return _current?.Dropout(input, share) ?? input;
    }

    /// <summary>Zeroes a share of the elements and leaves the others as they are.</summary>
    /// <param name="input">Any shape, floating-point.</param>
    /// <param name="share">0 to below 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public static Tensor Mask(Tensor input, double share)
    {
        Check.InRangeExclusive(share, 0, 1, nameof(share));
        return _current?.Mask(input, share) ?? input;
    }

    /// <summary>Adds Gaussian noise.</summary>
    /// <param name="input">Any shape, floating-point.</param>
    /// <param name="standardDeviation">0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public static Tensor AddGaussian(Tensor input, double standardDeviation)
    {
        Check.NotNegative(standardDeviation, nameof(standardDeviation));
        return _current?.AddGaussian(input, standardDeviation) ?? input;
    }

    /// <summary>Makes a source current on this thread until the result is disposed.</summary>
    internal static Use With(NoiseSource source) => new(source);

    /// <summary>The time for which a source is current.</summary>
    internal readonly ref struct Use
    {
        private readonly NoiseSource? _before;

        public Use(NoiseSource source) => (_before, _current) = (_current, source);

        /// <summary>Makes the one before current again.</summary>
        public void Dispose() => _current = _before;
    }
}
