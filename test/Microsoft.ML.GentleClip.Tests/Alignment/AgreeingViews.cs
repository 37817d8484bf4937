using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Alignment;

/// <summary>Points in clusters of unequal size and spread, seen through two rotations with noise of their own: as through two good encoders.</summary>
internal sealed class AgreeingViews(int seed)
{
    private const int Latent = 20, Clusters = 40, Dimension = 32;

    private readonly Tensor _centres = 2 * Normal(Clusters, Latent, seed + 1);
    private readonly Tensor _toA = linalg.qr(Normal(Dimension, Latent, seed + 2)).Q;
    private readonly Tensor _toB = linalg.qr(Normal(Dimension, Latent, seed + 3)).Q;

    /// <summary>Rows of both sides, partners at the same places.</summary>
    /// <param name="count">Rows.</param>
    /// <param name="draw">Other rows for another number.</param>
    /// <param name="skew">Above 0, the first half of the clusters is so many times likelier; below 0, the second half.</param>
    public (Tensor A, Tensor B) Pairs(int count, int draw, int skew = 0)
    {
        var random = new Random(seed * 100 + draw);
        var clusters = Enumerable.Range(0, count).Select(_ =>
        {
            var cluster = (long)(Clusters * random.NextDouble() * random.NextDouble());
            var isRare = skew != 0 && (cluster % 2 == 0) != (skew > 0);
            return isRare && random.NextDouble() > 1d / Math.Abs(skew) ? cluster ^ 1 : cluster;
        }).ToArray();
        var latent = _centres.index_select(0, tensor(clusters)) + Normal(count, Latent, seed * 100 + draw + 10);
        return (View(latent, _toA, draw + 20), View(latent, _toB, draw + 30));
    }

    /// <summary>Pairs, and unpaired rows of each side that belong to other points.</summary>
    public AlignmentTest.ViewRows Data(int pairs, int unpaired, int skew = 0)
    {
        var (a, b) = Pairs(pairs, 1);
        return new AlignmentTest.ViewRows(a, b, Pairs(unpaired, 2, skew).A, Pairs(unpaired, 3, -skew).B);
    }

    /// <summary>Rows of the same mean and covariance and no other structure.</summary>
    public static Tensor LikeGaussian(Tensor rows, int seed)
    {
        var mean = rows.mean([0]);
        var centred = rows - mean;
        var (values, vectors) = linalg.eigh(centred.t().matmul(centred) / rows.size(0));
        return Normal(rows.size(0), rows.size(1), seed).matmul((vectors * values.clamp_min(0).sqrt()).t()) + mean;
    }

    private Tensor View(Tensor latent, Tensor map, int draw) => latent.matmul(map.t()) + 0.5 * Normal(latent.size(0), Dimension, seed * 100 + draw);

    private static Tensor Normal(long rows, long columns, int seed) => AlignmentTest.Normal(rows, columns, seed);
}
