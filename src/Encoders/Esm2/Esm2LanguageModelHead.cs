using Microsoft.ML.GentleClip.Modalities;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Predicts masked tokens; its last matrix is the token embeddings' own.</summary>
internal sealed class Esm2LanguageModelHead : nn.Module
{
    private readonly Linear dense;
    private readonly LayerNormalization layer_norm;
    private readonly Parameter bias;

    /// <summary>Creates the head with fresh weights.</summary>
    public Esm2LanguageModelHead(long width, Generator generator) : base(nameof(Esm2LanguageModelHead))
    {
        dense = new Linear(width, width, generator);
        layer_norm = new LayerNormalization(width, Esm2Layer.LayerNormEpsilon);
        bias = Owned.Parameter(zeros(Esm2Alphabet.Count, dtype: ScalarType.Float32));
        RegisterComponents();
    }

    /// <summary>Number of parameters of such a head, without the embeddings.</summary>
    public static long CountParameters(long width) => Linear.CountWeights(width, width) + 2 * width + Esm2Alphabet.Count;

    /// <summary>Logits of each token, <c>[batch, length, 33]</c>, from final representations and the embedding table.</summary>
    public Tensor Logits(Tensor representations, Tensor embeddings) =>
        nn.functional.linear(layer_norm.forward(nn.functional.gelu(dense.forward(representations))), embeddings, bias);
}
