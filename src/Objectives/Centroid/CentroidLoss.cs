using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>Squared distance between the two modalities' mean embeddings (the ablation of the paper's appendix I): MMD with the linear kernel.</summary>
internal static class CentroidLoss
{
    /// <summary>Scalar loss; zero with a graph where a side is empty.</summary>
    /// <param name="u">Embeddings `[n, dim]`.</param>
    /// <param name="v">Embeddings `[m, dim]`; m may differ from n.</param>
    public static Tensor Compute(Tensor u, Tensor v)
    {
        if (u.size(0) == 0 || v.size(0) == 0)
            return Pairwise.ZeroWithGraph(u, v);
        using var scope = NewDisposeScope();
        return (u.mean([0]) - v.mean([0])).Squared().sum().MoveToOuterDisposeScope();
    }
}
