using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>The losses one sample at a time, as the authors' code does it for SDD: a handful of small operations per sample and term.</summary>
internal static class SampleLoop
{
    public static Tensor Contrastive(Batch b)
    {
        using var scope = NewDisposeScope();
        var scale = b.LogScale.exp();
        return EachRow(b.U, (u, i) => NegativeLogSoftmax(b.V, u, i, scale) + NegativeLogSoftmax(b.U, b.V.select(0, i), i, scale)).mean().div(2)
            .MoveToOuterDisposeScope();
    }

    public static Tensor SelfSupervised(Batch b)
    {
        using var scope = NewDisposeScope();
        var scale = b.LogScale.exp();
        return EachRow(b.U, (u, i) => NegativeLogSoftmax(b.V, u, i, scale)).mean().MoveToOuterDisposeScope();
    }

    public static Tensor Mmd(Batch b)
    {
        using var scope = NewDisposeScope();
        var bandwidth = MkMmdLoss.MedianBandwidth(b.U, b.V);
        return (Mean(b.U, b.U) + Mean(b.V, b.V) - 2 * Mean(b.U, b.V)).MoveToOuterDisposeScope();

        Tensor Mean(Tensor x, Tensor y) => EachRow(x, (row, _) =>
            (((y - row).square().sum(dim: 1) / (-2 * bandwidth)).exp().mean() + ((y.mv(row) + 1).square() / 4).mean()) / 2).mean();
    }

    /// <summary>The variance of the other set is computed for each sample anew, as the authors do.</summary>
    public static Tensor Sdd(Batch b)
    {
        using var scope = NewDisposeScope();
        var settings = new SddObjective();
        return ((Gamma(b.U, b.V) + Gamma(b.V, b.U)) / 2).MoveToOuterDisposeScope();

        Tensor Gamma(Tensor t, Tensor r)
        {
            var own = EachRow(t, (row, i) => Density(row, t, i, t.size(0)));
            var other = EachRow(t, (row, i) => Density(row, r, i, b.Pairs));
            var (p, q) = (own / own.sum(), other / other.sum());
            return (p * (p / q).log()).sum();
        }

        Tensor Density(Tensor row, Tensor set, long i, long excluded)
        {
            var kernels = ((set - row).square().sum(dim: 1) * -BroadcastForm.Scale(set, settings)).exp();
            return i < excluded ? kernels.sum() - kernels.select(0, i) : kernels.sum();
        }
    }

    private static Tensor NegativeLogSoftmax(Tensor candidates, Tensor query, long positive, Tensor scale)
    {
        var logits = scale * candidates.mv(query);
        return logits.logsumexp(0) - logits.select(0, positive);
    }

    private static Tensor EachRow(Tensor rows, Func<Tensor, long, Tensor> of)
    {
        using var scope = NewDisposeScope();
        var results = new List<Tensor>();
        for (long i = 0; i < rows.size(0); i++)
        {
            using var sample = NewDisposeScope();
            results.Add(of(rows.select(0, i), i).MoveToOuterDisposeScope());
        }

        return stack(results).MoveToOuterDisposeScope();
    }
}
