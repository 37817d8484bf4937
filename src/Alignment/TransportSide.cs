using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>
/// One modality's rows for transport self-training: prepared rows and their kernel features, computed once. The kernel's anchors are rows of pairs
/// and unpaired rows of the modality itself; they need no partner, so that one set serves every fold of the pairs.
/// </summary>
/// <param name="Pairs">Prepared rows of the pairs `[N, components]`.</param>
/// <param name="Pool">Prepared unpaired rows `[n, components]`.</param>
/// <param name="PairFeatures">Kernel features `[N, features]`.</param>
/// <param name="PoolFeatures">`[n, features]`.</param>
/// <param name="Anchors">`[anchors, components]`.</param>
/// <param name="Expansion">Features are k(x, anchors) E, up to a constant row; `[anchors, features]`.</param>
/// <param name="Bandwidth">Of the kernel.</param>
internal sealed record TransportSide(Tensor Pairs, Tensor Pool, Tensor PairFeatures, Tensor PoolFeatures, Tensor Anchors, Tensor Expansion, double Bandwidth)
{
    /// <summary>Rows at a time where hundreds of features are computed for each.</summary>
    public const int BlockSize = 512;

    private const double SmallestEigenvalue = 1e-4; // of the largest

    /// <summary>Chooses anchors and computes features. The tensors belong to the open dispose scope.</summary>
    /// <param name="pairs">Prepared rows of the pairs.</param>
    /// <param name="pool">Prepared unpaired rows.</param>
    /// <param name="bandwidth">Of the kernel.</param>
    /// <param name="settings">Anchors, and whether there is a kernel at all.</param>
    /// <param name="random">Chooses anchors.</param>
    public static TransportSide Create(Tensor pairs, Tensor pool, double bandwidth, AlignmentSettings settings, ManagedGenerator random)
    {
        using var scope = NewDisposeScope();
        var use = settings.KernelWeight > 0;
        var ofPairs = use ? Rows.Sample(pairs.size(0), settings.Transport.PairAnchors, random) : [];
        var ofPool = use ? Rows.Sample(pool.size(0), settings.Transport.RandomAnchors, random) : [];
        var anchors = cat([Rows.Pick(pairs, ofPairs), Rows.Pick(pool, ofPool)], 0);
        var expansion = use ? KernelFeatures.Expand(Rows.Gaussian(anchors, anchors, bandwidth), SmallestEigenvalue) : pairs.new_zeros([0, 0]);
        Tensor Features(Tensor rows) => use
            ? Rows.InBlocks(rows, BlockSize, block => Rows.Gaussian(block, anchors, bandwidth).matmul(expansion)).MoveToOuterDisposeScope()
            : rows.new_zeros([rows.size(0), 0]).MoveToOuterDisposeScope();
        return new TransportSide(
            pairs.alias().MoveToOuterDisposeScope(), pool.alias().MoveToOuterDisposeScope(), Features(pairs), Features(pool),
            anchors.MoveToOuterDisposeScope(), expansion.MoveToOuterDisposeScope(), bandwidth);
    }

    /// <summary>The same with some of the pairs and of the unpaired rows; null for all.</summary>
    public TransportSide Pick(long[]? pairs, long[]? pool) => this with
    {
        Pairs = Rows.Pick(Pairs, pairs),
        PairFeatures = Rows.Pick(PairFeatures, pairs),
        Pool = Rows.Pick(Pool, pool),
        PoolFeatures = Rows.Pick(PoolFeatures, pool),
    };
}
