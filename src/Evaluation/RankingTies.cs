namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>
/// Expected values where candidates tie: p partners and t wrong candidates, all equally similar, stand in random order behind g better ones.
/// </summary>
internal static class RankingTies
{
    /// <summary>Expected rank of the first partner, 1 + g + t / (p + 1).</summary>
    public static double Rank(int better, int tied, int partners) => 1 + better + (double)tied / (partners + 1);

    /// <summary>Probability that a partner is among the first k.</summary>
    public static double HitAt(int k, int better, int tied, int partners)
    {
        var open = k - better; // places behind the better ones
        if (open <= 0)
            return 0;
        if (open > tied)
            return 1;
        if (partners == 1)
            return (double)open / (tied + 1);
        // No partner in the open places: t/(t+p) (t-1)/(t+p-1) ...
        double miss = 1;
        for (var place = 0; place < open && miss > 0; place++)
            miss *= (double)(tied - place) / (tied + partners - place);
        return 1 - miss;
    }

    /// <summary>Expected reciprocal rank of the first partner.</summary>
    /// <param name="better">Better wrong candidates.</param>
    /// <param name="tied">Equally similar wrong candidates.</param>
    /// <param name="partners">Equally similar partners.</param>
    /// <param name="harmonic">1 + 1/2 + ... + 1/n by n, up to better + tied + 1 at least.</param>
    public static double ReciprocalRank(int better, int tied, int partners, double[] harmonic)
    {
        if (tied == 0)
            return 1.0 / (better + 1);
        if (partners == 1)
            return (harmonic[better + tied + 1] - harmonic[better]) / (tied + 1);
        double sum = 0, none = 1; // none: no partner so far
        for (var place = 0; place <= tied && none > 0; place++)
        {
            var here = (double)partners / (tied + partners - place);
            sum += none * here / (better + place + 1);
            none *= 1 - here;
        }
        return sum;
    }
}
