using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// The sampling-size analysis of the paper's appendix E (equations 10 and 11): how different two random batches of one
/// distribution look. The printed estimate holds each sample's kernel with itself on one side only, so that most of its
/// fall with the batch size is 1/B² by construction; leave-one-out shows the rest, which falls like 1/B.
/// </summary>
internal static class SamplingSize
{
    /// <summary>D of equation 10 for two batches `[b, dim]`, with or without each sample's kernel with itself.</summary>
    public static Tensor Gap(Tensor t, Tensor r, bool leaveOneOut = false, int blockSize = Pairwise.DefaultBlockSize)
    {
        using var scope = NewDisposeScope();
        var settings = new SddObjective { Bandwidth = 1, Divergence = SddDivergence.RawMeanSquaredError, VarianceFloor = 1e-12, LeaveOneOut = leaveOneOut };
        // Equation 11 is twice equation 5 at b = 1, and equation 10 the sum of what equation 3 averages.
        return SddLoss.Compute(t, r, settings, 0, blockSize).Times(8).MoveToOuterDisposeScope();
    }
}
