using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// Entropic optimal transport with uniform marginals, in the log domain: at the temperatures used here exp(-cost / epsilon)
/// underflows. Works on logits = -cost / epsilon; potentials are in units of epsilon.
/// </summary>
internal static class Sinkhorn
{
    /// <summary>Largest plan: whole matrices of this size are kept, several at a time (256 MB each in float32).</summary>
    public const long MaximumPairs = 8192L * 8192;

    /// <summary>Row and column potentials after so many updates of columns, then rows. Gradients flow through the loop.</summary>
    public static (Tensor Rows, Tensor Columns) Potentials(Tensor logits, int iterations)
    {
        var (n, m) = (logits.size(0), logits.size(1));
        using var scope = NewDisposeScope();
        var (rows, columns) = (zeros(n, logits.dtype, logits.device), zeros(m, logits.dtype, logits.device));
        for (var i = 0; i < iterations; i++)
        {
            using var step = NewDisposeScope();
            columns = (-logits.Plus(rows.unsqueeze(1)).logsumexp(0)).Plus(Math.Log(n)).MoveToOuterDisposeScope();
            rows = (-logits.Plus(columns).logsumexp(1)).Plus(Math.Log(m)).MoveToOuterDisposeScope();
        }

        return (rows.MoveToOuterDisposeScope(), columns.MoveToOuterDisposeScope());
    }

    /// <summary>Logarithm `[n, m]` of the plan, whose rows sum to 1/n, without a graph.</summary>
    public static Tensor LogPlan(Tensor logits, int iterations)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (rows, columns) = Potentials(logits, iterations);
        return logits.Plus(rows.unsqueeze(1)).Plus(columns).Minus(Math.Log((double)logits.size(0) * logits.size(1))).MoveToOuterDisposeScope();
    }

    /// <summary>Refuses batches whose plan would not fit.</summary>
    /// <exception cref="ArgumentException">Too many pairs.</exception>
    public static void CheckSize(long n, long m, string objective)
    {
        if (n * m > MaximumPairs)
            throw new ArgumentException(
                $"{objective} keeps whole transport plans: at most {MaximumPairs} pairs (8192 x 8192); this batch has {n} x {m}. Use smaller batches.");
    }
}
