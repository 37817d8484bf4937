using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// Randomness of a training's forward passes, drawn from a generator of its own: TorchSharp's dropout would draw from the
/// process-wide one. Passing none to an encoder means inference.
/// </summary>
/// <remarks>
/// Drawn on the CPU and moved to where it is needed: TorchSharp 0.107 makes a CPU generator whatever device it is asked for, and torch ends the
/// process when a GPU is to draw from one. So equal seeds give equal noise on every device.
/// </remarks>
/// <param name="generator">Of the CPU.</param>
/// <param name="largestPart">Numbers of a mask that are drawn together: a span cannot hold more than two gigabytes.</param>
internal sealed class NoiseSource(Generator generator, int largestPart = 1 << 28)
{
    /// <summary>Dropout: zeroes a share of the elements and scales the others by 1 / (1 - share).</summary>
    public Tensor Dropout(Tensor input, double share) => share == 0 ? input
        : input.dtype == ScalarType.Float32 ? input * Keep(input, share, (float)(1 / (1 - share)))
        : (input * Keep(input, share, 1)).Over(1 - share);

    /// <summary>Zeroes a share of the elements without scaling the others.</summary>
    public Tensor Mask(Tensor input, double share) => share == 0 ? input : input * Keep(input, share, 1);

    /// <summary>Adds Gaussian noise of a standard deviation.</summary>
    public Tensor AddGaussian(Tensor input, double standardDeviation) => standardDeviation == 0
        ? input
        : input.Plus(On(input.device, randn(input.shape, dtype: input.dtype, generator: generator)).Times(standardDeviation));

    /// <summary>Numbers in [0, 1), float32.</summary>
    public Tensor Uniform(long count, Device device) => On(device, rand(count, dtype: ScalarType.Float32, generator: generator));

    /// <summary>Booleans that are true with a probability of <paramref name="share"/>.</summary>
    public Tensor Choose(Tensor like, double share) => On(like.device, rand(like.shape, dtype: ScalarType.Float32, generator: generator).lt(Scalars.Of(share)));

    /// <summary>Whole numbers from 0 to that of <paramref name="largest"/>, every one as likely as the others.</summary>
    public Tensor Integers(Tensor largest) =>
        minimum((On(largest.device, rand(largest.shape, dtype: ScalarType.Float64, generator: generator)) * largest.Plus(1)).to(ScalarType.Int64), largest);

    /// <summary>A seed for code that takes no generator.</summary>
    public long Seed() => Seed(generator);

    /// <summary>A seed for code that takes no generator, drawn from a generator of the CPU.</summary>
    public static long Seed(Generator generator)
    {
        using var scope = NewDisposeScope();
        return (long)(rand(1, dtype: ScalarType.Float64, generator: generator).item<double>() * (1L << 53));
    }

    private Tensor Keep(Tensor input, double share, float kept)
    {
        var mask = empty(input.shape, dtype: ScalarType.Float32, device: CPU);
        var seed = (ulong)Seed();
        using var flat = mask.view(-1);
        for (long at = 0; at < flat.size(0); at += largestPart)
        {
            using var part = flat.narrow(0, at, Math.Min(largestPart, flat.size(0) - at));
            DropMask.Fill(MemoryMarshal.Cast<byte, float>(part.bytes), share, kept, ref seed);
        }
        return On(input.device, mask).to(input.dtype);
    }

    private static Tensor On(Device device, Tensor drawn) => device.type == DeviceType.CPU ? drawn : drawn.to(device);
}
