using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// Rotary position embedding (Su et al. 2021): at position t, coordinates m and m + h of a head of width 2h are turned by the angle
/// t / 10000^(m / h).
/// </summary>
internal sealed class RotaryEmbedding : nn.Module
{
    private readonly Tensor inv_freq;

    /// <summary>Creates the embedding of heads of an even width.</summary>
    public RotaryEmbedding(long headDimension) : base(nameof(RotaryEmbedding))
    {
        using var scope = NewDisposeScope();
        // In float32 throughout, as published checkpoints hold it.
        var exponents = arange(Scalars.Zero, Scalars.Of(headDimension), Scalars.Of(2), dtype: ScalarType.Float32).Over(headDimension);
        inv_freq = Owned.Buffer(pow(10000, exponents).reciprocal());
        RegisterComponents();
    }

    /// <summary>Cosines and signed sines of a sequence's positions, <c>[length, 1, headDimension]</c> each.</summary>
    public (Tensor Cosine, Tensor Sine) Tables(long length)
    {
        var angles = outer(arange(Scalars.Zero, Scalars.Of(length), Scalars.One, dtype: inv_freq.dtype, device: inv_freq.device), inv_freq).unsqueeze(1);
        var (cosine, sine) = (angles.cos(), angles.sin());
        return (cat([cosine, cosine], -1), cat([-sine, sine], -1));
    }

    /// <summary>Turns queries or keys, <c>[batch, length, heads, headDimension]</c>.</summary>
    public static Tensor Rotate(Tensor x, (Tensor Cosine, Tensor Sine) tables) =>
        (x * tables.Cosine).Plus(x.roll(x.size(-1) / 2, -1) * tables.Sine);
}
