using Microsoft.ML.GentleClip.Objectives;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>
/// The losses as one writes them first: rows against rows by broadcasting, as in the authors' code, everything else left to
/// autograd. Intermediates are freed as early as a reference-counting language would.
/// </summary>
internal static class BroadcastForm
{
    public static Tensor Contrastive(Batch b)
    {
        using var scope = NewDisposeScope();
        var logits = b.LogScale.exp() * Dots(b.U, b.V);
        return ((logits.logsumexp(1) + logits.logsumexp(0)) / 2 - logits.diagonal()).mean().MoveToOuterDisposeScope();
    }

    public static Tensor SelfSupervised(Batch b)
    {
        using var scope = NewDisposeScope();
        var logits = b.LogScale.exp() * Dots(b.U, b.V);
        return (logits.logsumexp(1) - logits.diagonal()).mean().MoveToOuterDisposeScope();
    }

    /// <summary>The polynomial kernel's products need no broadcasting to anybody.</summary>
    public static Tensor Mmd(Batch b)
    {
        using var scope = NewDisposeScope();
        var bandwidth = MkMmdLoss.MedianBandwidth(b.U, b.V);
        return (Mean(b.U, b.U) + Mean(b.V, b.V) - 2 * Mean(b.U, b.V)).MoveToOuterDisposeScope();

        Tensor Mean(Tensor x, Tensor y) => ((Distances(x, y) / (-2 * bandwidth)).exp().mean() + ((x.matmul(y.t()) + 1).square() / 4).mean()) / 2;
    }

    public static Tensor Sdd(Batch b)
    {
        using var scope = NewDisposeScope();
        var settings = new SddObjective();
        var (n, cross) = (b.U.size(0), Distances(b.U, b.V));
        var (scaleU, scaleV) = (Scale(b.U, settings), Scale(b.V, settings));
        return ((Gamma(Distances(b.U, b.U), scaleU, cross, scaleV) + Gamma(Distances(b.V, b.V), scaleV, cross.t(), scaleU)) / 2).MoveToOuterDisposeScope();

        Tensor Gamma(Tensor within, Tensor ownScale, Tensor between, Tensor otherScale)
        {
            var (own, other) = (Density(within, ownScale, n), Density(between, otherScale, b.Pairs));
            var (p, q) = (own / own.sum(), other / other.sum());
            return (p * (p / q).log()).sum();
        }

        Tensor Density(Tensor distances, Tensor scale, long excluded) =>
            (distances * -scale).exp().masked_fill(Pairwise.DiagonalMask(n, n, excluded, distances.device), 0).sum(dim: 1);
    }

    /// <summary>1 / (b² variance).</summary>
    internal static Tensor Scale(Tensor rows, SddObjective settings) =>
        1 / (settings.Bandwidth * settings.Bandwidth * rows.var([0], unbiased: true).sum().clamp_min(settings.VarianceFloor));

    private static Tensor Distances(Tensor x, Tensor y)
    {
        using var scope = NewDisposeScope();
        var differences = x.unsqueeze(1) - y.unsqueeze(0);
        return differences.square().sum(dim: 2).MoveToOuterDisposeScope();
    }

    private static Tensor Dots(Tensor x, Tensor y)
    {
        using var scope = NewDisposeScope();
        return (x.unsqueeze(1) * y.unsqueeze(0)).sum(dim: 2).MoveToOuterDisposeScope();
    }
}
