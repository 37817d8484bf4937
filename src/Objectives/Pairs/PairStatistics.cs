using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// What the objectives of one batch want to know about its pairs of rows. They say so first; then each matrix of affinities is computed once, block by
/// block, for all of them, and so is its gradient (<see cref="PairFunction"/>).
/// </summary>
/// <param name="a">Embeddings `[n, dim]`.</param>
/// <param name="b">Embeddings `[m, dim]`.</param>
/// <param name="blockSize">Rows of a block at most.</param>
/// <param name="workspace">Memory that stays from step to step; null for none.</param>
/// <param name="secondViewsA">A's second views `[n, dim]`, or null.</param>
/// <param name="secondViewsB">B's second views `[m, dim]`, or null.</param>
/// <param name="share">How the blocks are dealt out among processes, or null.</param>
internal sealed class PairStatistics(
    Tensor a, Tensor b, int blockSize, PairWorkspace? workspace = null, Tensor? secondViewsA = null, Tensor? secondViewsB = null,
    PairShare? share = null)
{
    private readonly List<(PairRequest Request, PairResult Result)> _waiting = [];
    private readonly object _owner = new();

    /// <summary>Embeddings of A.</summary>
    public Tensor A => a;

    /// <summary>Embeddings of B.</summary>
    public Tensor B => b;

    /// <summary>Whether there are second views of both sides.</summary>
    public bool HaveSecondViews => secondViewsA is not null && secondViewsB is not null;

    /// <summary>Asks for a statistic.</summary>
    public PairResult Add(PairRequest request)
    {
        var result = new PairResult();
        _waiting.Add((request, result));
        return result;
    }

    /// <summary>Computes what was asked for since the last time. Results belong to the current scope.</summary>
    public void Compute()
    {
        // Distances first: their row sums are needed apart from those of inner products.
        var taken = _waiting.Where(wish => !wish.Request.IsGuest || _waiting.Any(host => !host.Request.IsGuest && host.Request.Matrix == wish.Request.Matrix))
            .OrderBy(wish => wish.Request.Matrix).ThenBy(wish => !wish.Request.OfDistances).ThenBy(wish => wish.Request.IsGuest).ToArray();
        _waiting.Clear();
        if (taken.Length == 0)
            return;
        var plan = new PairPlan([.. taken.Select(wish => wish.Request)], share?.BlockSize(blockSize, a, b) ?? blockSize, workspace, _owner, share);
        using var scope = NewDisposeScope();
        var statistics = PairFunction.Apply(a, b, secondViewsA, secondViewsB, plan);
        long start = 0;
        foreach (var (request, result) in taken)
        {
            var length = PairPlan.Length(request, a, b);
            result.Value = statistics.narrow(0, start, length).MoveToOuterDisposeScope();
            start += length;
        }
    }
}
