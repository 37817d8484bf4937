using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// The numbers that encoders multiply. Weights, gradients, normalisations, projection heads and losses are float32 either way.
/// </summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The field's names of these numbers.")]
public enum EncoderPrecision
{
    /// <summary>32-bit numbers, the default.</summary>
    Float32,

    /// <summary>
    /// The factors of the products of linear layers, and of convolutions of 32 channels and multiples, are rounded to bfloat16, numbers with the range of
    /// float32 and 8 significant bits; their sums are float32. Fast where the processor has such products (AVX-512 BF16 or AMX; NVIDIA GPUs
    /// from Ampere on), refused elsewhere.
    /// </summary>
    BFloat16,
}
