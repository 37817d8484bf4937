using Microsoft.ML.GentleClip.Evaluation;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// How well one modality finds its partner among all samples of the other. See <see cref="RetrievalMetrics"/> for the treatment of ties and duplicates.
/// </summary>
public sealed class RetrievalDirectionMetrics
{
    private readonly CandidateCounts _counts;

    internal RetrievalDirectionMetrics(CandidateCounts counts)
    {
        _counts = counts;
        var harmonic = HarmonicNumbers(counts.Candidates);
        var ranks = new double[QueryCount];
        double sum = 0, logarithms = 0;
        for (var i = 0; i < ranks.Length; i++)
        {
            var (better, equal, hits) = (counts.Better[i], counts.Equal[i], Hits(i));
            ranks[i] = RankingTies.Rank(better, equal, hits);
            sum += RankingTies.ReciprocalRank(better, equal, hits, harmonic);
            logarithms += Math.Log(ranks[i]);
        }
        MeanReciprocalRank = sum / ranks.Length;
        MeanLogRank = logarithms / ranks.Length;
        Array.Sort(ranks);
        MedianRank = (ranks[(ranks.Length - 1) / 2] + ranks[ranks.Length / 2]) / 2;
    }

    /// <summary>Number of queries: distinct items of the side that looks.</summary>
    public int QueryCount => _counts.Better.Length;

    /// <summary>Number of candidates: distinct items of the side that is looked at.</summary>
    public int CandidateCount => _counts.Candidates;

    /// <summary>The mean over the queries of 1 / rank of the true partner, in (0, 1]; its expected value where candidates tie with the partner.</summary>
    public double MeanReciprocalRank { get; }

    /// <summary>The mean over the queries of ln(rank of the true partner), 0 (always first) or more.</summary>
    internal double MeanLogRank { get; }

    /// <summary>The median over the queries of the rank of the true partner, from 1 (best) to the number of candidates.</summary>
    public double MedianRank { get; }

    /// <summary>The share of queries whose true partner is among the <paramref name="k"/> most similar candidates, in [0, 1].</summary>
    /// <param name="k">Number of candidates looked at, at least 1; beyond the number of candidates the recall is 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is below 1.</exception>
    public double RecallAt(int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        double hits = 0;
        for (var i = 0; i < QueryCount; i++)
            hits += RankingTies.HitAt(k, _counts.Better[i], _counts.Equal[i], Hits(i));
        return hits / QueryCount;
    }

    /// <summary>What guessing scores on average.</summary>
    internal RetrievalDirectionMetrics Chance() => new(_counts.ToChance());

    private int Hits(int query) => _counts.Hits?[query] ?? 1;

    /// <summary>1 + 1/2 + ... + 1/n for n = 0 to <paramref name="count"/>.</summary>
    private static double[] HarmonicNumbers(int count)
    {
        var harmonic = new double[count + 1];
        for (var n = 1; n <= count; n++)
            harmonic[n] = harmonic[n - 1] + 1.0 / n;
        return harmonic;
    }
}
