using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// SOTAlign's KLOT (arXiv 2602.23353): Kullback-Leibler divergence of the student's transport plan between unpaired rows
/// from that of a teacher fitted on the pairs.
/// </summary>
internal static class KlotLoss
{
    /// <summary>Scalar loss; zero with a graph where a side is empty.</summary>
    /// <param name="u">Unit-norm embeddings `[n, dim]` of unpaired rows.</param>
    /// <param name="v">Unit-norm embeddings `[m, dim]` of unpaired rows of the other modality.</param>
    /// <param name="teacherU">The teacher's unit-norm embeddings of u's rows `[n, dim']`.</param>
    /// <param name="teacherV">The teacher's unit-norm embeddings of v's rows `[m, dim']`.</param>
    /// <param name="regularization">Of the student's plan.</param>
    /// <param name="teacherRegularization">Of the teacher's plan.</param>
    /// <param name="iterations">Scalings of each plan.</param>
    /// <exception cref="ArgumentException">The plan is above <see cref="Sinkhorn.MaximumPairs"/>.</exception>
    public static Tensor Compute(Tensor u, Tensor v, Tensor teacherU, Tensor teacherV, double regularization, double teacherRegularization, int iterations)
    {
        if (u.size(0) == 0 || v.size(0) == 0)
            return Pairwise.ZeroWithGraph(u, v);
        Sinkhorn.CheckSize(u.size(0), v.size(0), "The KLOT term");
        using var scope = NewDisposeScope();
        var teacher = Sinkhorn.LogPlan(teacherU.detach().matmul(teacherV.detach().t()).Over(teacherRegularization), iterations);
        var affinities = u.matmul(v.t());
        var student = Sinkhorn.LogPlan(affinities.detach().Over(regularization), iterations);
        var target = teacher.exp();
        // Exact at converged plans, and nothing of the iterations stays in memory: d KL / d affinity = (P - P*) / epsilon.
        var slope = (student.exp() - target).Over(regularization);
        return (target * (teacher - student)).sum().Plus((slope * (affinities - affinities.detach())).sum()).MoveToOuterDisposeScope();
    }
}
