using Microsoft.ML.GentleClip.Evaluation;

namespace Microsoft.ML.GentleClip;

/// <summary>How well one modality finds its partner among all samples of the other. See <see cref="RetrievalMetrics"/> for the treatment of ties.</summary>
public sealed class RetrievalDirectionMetrics
{
    private readonly CandidateCounts _counts;

    internal RetrievalDirectionMetrics(CandidateCounts counts)
    {
        _counts = counts;
        var count = counts.Better.Length;
        var harmonic = HarmonicNumbers(count);
        var ranks = new double[count];
        double sum = 0;
        for (var i = 0; i < count; i++)
        {
            var (better, equal) = (counts.Better[i], counts.Equal[i]);
            ranks[i] = 1 + better + equal / 2.0;
            sum += equal == 0 ? 1.0 / (better + 1) : (harmonic[better + equal + 1] - harmonic[better]) / (equal + 1);
        }
        MeanReciprocalRank = sum / count;
        Array.Sort(ranks);
        MedianRank = (ranks[(count - 1) / 2] + ranks[count / 2]) / 2;
    }

    /// <summary>The mean over the queries of 1 / rank of the true partner, in (0, 1]; its expected value where candidates tie with the partner.</summary>
    public double MeanReciprocalRank { get; }

    /// <summary>The median over the queries of the rank of the true partner, from 1 (best) to the number of pairs.</summary>
    public double MedianRank { get; }

    /// <summary>The share of queries whose true partner is among the <paramref name="k"/> most similar candidates, in [0, 1].</summary>
    /// <param name="k">Number of candidates looked at, at least 1; beyond the number of pairs the recall is 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is below 1.</exception>
    public double RecallAt(int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        double hits = 0;
        for (var i = 0; i < _counts.Better.Length; i++)
        {
            // The partner stands at each of its tied places with equal probability.
            var (places, open) = (_counts.Equal[i] + 1, k - _counts.Better[i]);
            hits += open >= places ? 1 : open <= 0 ? 0 : (double)open / places;
        }
        return hits / _counts.Better.Length;
    }

    /// <summary>1 + 1/2 + ... + 1/n for n = 0 to <paramref name="count"/>.</summary>
    private static double[] HarmonicNumbers(int count)
    {
        var harmonic = new double[count + 1];
        for (var n = 1; n <= count; n++)
            harmonic[n] = harmonic[n - 1] + 1.0 / n;
        return harmonic;
    }
}
