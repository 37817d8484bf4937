namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>The place of each sample's own class when the classes are ranked by the cosine of their prototypes with the sample.</summary>
internal sealed class ClassRanking
{
    private readonly CandidateCounts _counts;

    public ClassRanking(EmbeddingRows samples, IReadOnlyList<int> classes, EmbeddingRows prototypes, CancellationToken cancellationToken)
    {
        var links = new PairLinks([.. classes.Select((index, sample) => (sample, index))], samples.Count, prototypes.Count);
        (_counts, _) = RetrievalRanker.Rank<DotProduct>(samples, prototypes, links, null, cancellationToken);
    }

    /// <summary>For each sample the probability that its class is among the first k, ties broken at random.</summary>
    public double[] HitsAt(int k) => [.. _counts.Better.Select((better, sample) => RankingTies.HitAt(k, better, _counts.Equal[sample], 1))];
}
