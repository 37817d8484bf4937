using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>What a sample's positive is compared with in the self-supervised loss.</summary>
internal enum SelfSupervisedDenominator
{
    /// <summary>Equation 7 as printed: all first views, the sample itself included; the positive is not among them.</summary>
    Printed,

    /// <summary>All second views, the positive included (SimCSE).</summary>
    SimCse,

    /// <summary>The positive and the other first views.</summary>
    Both,

    /// <summary>All other views of both kinds, and both views as anchors (SimCLR's NT-Xent).</summary>
    NtXent,
}

/// <summary>The self-supervised contrastive loss between two augmented views of one modality (the paper's equation 7).</summary>
internal static class SelfSupervisedLoss
{
    /// <summary>Scalar loss; zero with a graph for an empty batch.</summary>
    /// <param name="z">Unit-norm embeddings of the first views `[n, dim]`.</param>
    /// <param name="positives">Unit-norm embeddings of the second views `[n, dim]`.</param>
    /// <param name="logScale">Scalar: the logarithm of 1 / temperature.</param>
    /// <param name="form">What the positive competes with.</param>
    /// <param name="blockSize">Rows above which the loss runs in row blocks.</param>
    public static Tensor Compute(Tensor z, Tensor positives, Tensor logScale, SelfSupervisedDenominator form = SelfSupervisedDenominator.SimCse, int blockSize = Pairwise.DefaultBlockSize)
    {
        if (z.size(0) == 0)
            return Pairwise.ZeroWithGraph(z, positives, logScale);
        using var scope = NewDisposeScope();
        var scale = logScale.exp();
        var positive = scale * Pairwise.RowDots(z, positives);
        var normalizer = form switch
        {
            SelfSupervisedDenominator.Printed => PairwiseLogSumExp.Self(z, scale, Affinity.Dot, excludeSelf: false, blockSize),
            SelfSupervisedDenominator.SimCse => PairwiseLogSumExp.Rows(z, positives, scale, Affinity.Dot, blockSize),
            SelfSupervisedDenominator.Both => PairwiseLogSumExp.Self(z, scale, Affinity.Dot, excludeSelf: true, blockSize).logaddexp(positive),
            SelfSupervisedDenominator.NtXent => PairwiseLogSumExp.Self(cat([z, positives], 0), scale, Affinity.Dot, excludeSelf: true, blockSize),
            _ => throw new ArgumentOutOfRangeException(nameof(form), form, null),
        };
        return (normalizer.mean() - positive.mean()).MoveToOuterDisposeScope();
    }
}
