using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>The self-supervised contrastive loss between two augmented views of one modality (the paper's equation 7).</summary>
internal static class SelfSupervisedLoss
{
    /// <summary>Scalar loss; zero with a graph for an empty batch.</summary>
    /// <param name="z">Unit-norm embeddings of the first views `[n, dim]`.</param>
    /// <param name="positives">Unit-norm embeddings of the second views `[n, dim]`.</param>
    /// <param name="logScale">Scalar: the logarithm of 1 / temperature.</param>
    /// <param name="form">What the positive competes with.</param>
    /// <param name="blockSize">Rows above which the loss runs in row blocks.</param>
    /// <param name="logSums">Each row's log-sum-exp over what it is compared with, where that is known already.</param>
    public static Tensor Compute(
        Tensor z, Tensor positives, Tensor logScale, SelfSupervisedForm form = SelfSupervisedForm.SimCse, int blockSize = Pairwise.DefaultBlockSize,
        Tensor? logSums = null)
    {
        if (z.size(0) == 0)
            return Pairwise.ZeroWithGraph(z, positives, logScale);
        using var scope = NewDisposeScope();
        var scale = logScale.exp();
        var positive = scale * Pairwise.RowDots(z, positives);
        var normalizer = form switch
        {
            SelfSupervisedForm.FirstViews or SelfSupervisedForm.SimCse when logSums is not null => logSums,
            SelfSupervisedForm.Both when logSums is not null => logSums.logaddexp(positive),
            SelfSupervisedForm.FirstViews => PairwiseLogSumExp.Self(z, scale, Affinity.Dot, excludeSelf: false, blockSize),
            SelfSupervisedForm.SimCse => PairwiseLogSumExp.Rows(z, positives, scale, Affinity.Dot, blockSize),
            SelfSupervisedForm.Both => PairwiseLogSumExp.Self(z, scale, Affinity.Dot, excludeSelf: true, blockSize).logaddexp(positive),
            SelfSupervisedForm.NtXent => PairwiseLogSumExp.Self(cat([z, positives], 0), scale, Affinity.Dot, excludeSelf: true, blockSize),
            _ => throw new ArgumentOutOfRangeException(nameof(form), form, null),
        };
        return (normalizer.mean() - positive.mean()).MoveToOuterDisposeScope();
    }
}
