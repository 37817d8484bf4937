using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// Projection head of the paper's authors: a = projection(x), y = dropout(fc(gelu(a))), LayerNorm(a + y), then L2 normalisation.
/// </summary>
internal sealed class ProjectionHead : nn.Module
{
    /// <summary>Of the layer normalisation.</summary>
    public const double LayerNormEpsilon = 1e-5;

    /// <summary>What shorter rows are divided by, in place of their length.</summary>
    public const double SmallestLength = 1e-12;

    private const double DropoutShare = 0.1;

    private readonly Linear projection;
    private readonly Linear fc;
    private readonly LayerNormalization layer_norm;

    /// <summary>Creates a head with fresh weights.</summary>
    public ProjectionHead(long features, long embeddingDimension, Generator generator) : base(nameof(ProjectionHead))
    {
        projection = new Linear(features, embeddingDimension, generator);
        fc = new Linear(embeddingDimension, embeddingDimension, generator);
        layer_norm = new LayerNormalization(embeddingDimension, LayerNormEpsilon);
        RegisterComponents();
    }

    /// <summary>Number of weights of such a head.</summary>
    public static long CountWeights(long features, long embeddingDimension) =>
        Linear.CountWeights(features, embeddingDimension) + Linear.CountWeights(embeddingDimension, embeddingDimension) + 2 * embeddingDimension;

    /// <summary>Unit-length embeddings, <c>[batch, embeddingDimension]</c>.</summary>
    public Tensor Project(Tensor features, NoiseSource? noise)
    {
        using var stay = WeightCasts.Enter(null); // small, and its normalisations want all digits
        var projected = projection.forward(features);
        var y = fc.forward(nn.functional.gelu(projected));
        if (noise is not null)
            y = noise.Dropout(y, DropoutShare);
        return nn.functional.normalize(layer_norm.forward(y.Plus(projected)), p: 2, dim: 1, eps: SmallestLength);
    }
}
