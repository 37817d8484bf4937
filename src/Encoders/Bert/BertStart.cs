using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>The published initialisation and constants that all parts of BERT share.</summary>
internal static class BertStart
{
    /// <summary>Of every layer normalisation in BERT.</summary>
    public const double LayerNormEpsilon = 1e-12;

    /// <summary>Uniform weights of the published standard deviation, 0.02.</summary>
    public const double Bound = 0.02 * 1.7320508075688772;

    /// <summary>A linear layer with the published initialisation.</summary>
    public static Linear Linear(long inputs, long outputs, Generator generator) => new(inputs, outputs, generator, Bound, biasBound: 0);
}
