using Microsoft.ML.GentleClip.Evaluation;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>
/// Matched pairs on which retrieval is measured after each epoch, each sample's partner among the samples of all validation pairs and
/// the distractors of the other side.
/// </summary>
/// <param name="Sides">Samples of each modality.</param>
/// <param name="Links">Which of the pairs' samples of A and B belong together, by their numbers among <see cref="ValidationSide.Samples"/>.</param>
/// <param name="PairCount">Number of validation pairs, repeated ones included.</param>
internal sealed record ValidationSet(Sides<ValidationSide> Sides, IReadOnlyCollection<(int A, int B)> Links, int PairCount)
{
    /// <summary>Rows that an evaluation embeds: the samples of both sides and their distractors.</summary>
    public int Rows => Sides.A.CandidateCount + Sides.B.CandidateCount;

    /// <summary>Processes that evaluate together, each the samples that it has; all get the figures of rank 0.</summary>
    public ProcessGroup Group { get; init; } = new SingleProcess();

    /// <summary>Retrieval of the model as it stands. The same model gives the same figures, whenever it is asked.</summary>
    /// <param name="model">On the device.</param>
    /// <param name="device">Where it lives.</param>
    /// <param name="embedded">Told how many of <see cref="Rows"/> are embedded, after each pass; may throw to stop.</param>
    /// <param name="cancellationToken">Stops the ranking.</param>
    public ValidationRetrieval Evaluate(TwoTowerModel model, Device device, Action<int>? embedded = null, CancellationToken cancellationToken = default)
    {
        var done = 0;
        void OnRows(int rows) => embedded?.Invoke(done += rows);
        var (a, b) = (Sides.A.Embed(model, Side.A, device, OnRows), Sides.B.Embed(model, Side.B, device, OnRows));
        const string purpose = "the figures of the validation";
        if (Group.Rank != 0)
            return Retrieval(Group.OfFirst(new double[Figures], purpose));
        // Each ranking compares one side's few with the other's all; what it counts of the other direction is left.
        var fromA = new PairLinks(Links, a.Samples.Count, b.All.Count);
        var (aToB, _) = RetrievalRanker.Rank<DotProduct>(a.Samples, b.All, fromA, cancellationToken: cancellationToken);
        var fromB = new PairLinks(Links, a.All.Count, b.Samples.Count);
        var (_, bToA) = RetrievalRanker.Rank<DotProduct>(a.All, b.Samples, fromB, cancellationToken: cancellationToken);
        var metrics = new RetrievalMetrics(aToB, bToA, Links.Count, 0, RetrievalMetrics.DefaultK);
        double[] figures = [metrics.RecallAt(1), metrics.RecallAt(5), metrics.RecallAt(10), metrics.MeanReciprocalRank, metrics.MeanLogRank];
        return Retrieval(Group.OfFirst(figures, purpose));
    }

    private const int Figures = 5;

    private static ValidationRetrieval Retrieval(double[] figures) => new(figures[0], figures[1], figures[2], figures[3]) { MeanLogRank = figures[4] };
}
