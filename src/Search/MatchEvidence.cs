namespace Microsoft.ML.GentleClip.Search;

/// <summary>What the plan says of one query.</summary>
/// <param name="Best">Number of the bank row with the largest share.</param>
/// <param name="Cosine">Its cosine.</param>
/// <param name="Share">Its share of the query, 0 to 1.</param>
/// <param name="Gap">Logarithm of that share over the next largest, in temperatures: how clearly it is ahead.</param>
/// <param name="Energy">log sum_j exp(s_j / temperature + g_j) times the temperature: how near the bank is as a whole.</param>
internal readonly record struct MatchEvidence(int Best, double Cosine, double Share, double Gap, double Energy)
{
    /// <summary>Numbers that calibration looks at.</summary>
    public const int Features = 3;

    private const double MostGap = 30; // beyond it the next row does not matter; keeps a bank of one row finite

    /// <summary>The numbers that calibration looks at.</summary>
    public double[] ToFeatures() => [Gap, Energy, Cosine];

    /// <summary>Reads the exponents of all rows.</summary>
    /// <param name="cosines">Of the query to each row.</param>
    /// <param name="exponents">s / temperature + g; negative infinity for a row that is left out.</param>
    /// <param name="temperature">Of the plan.</param>
    /// <returns>The evidence; null where all rows are left out.</returns>
    public static MatchEvidence? Of(ReadOnlySpan<double> cosines, ReadOnlySpan<double> exponents, double temperature)
    {
        var (best, largest, next) = (-1, double.NegativeInfinity, double.NegativeInfinity);
        for (var row = 0; row < exponents.Length; row++)
        {
            if (exponents[row] > largest)
                (best, largest, next) = (row, exponents[row], largest);
            else if (exponents[row] > next)
                next = exponents[row];
        }
        if (best < 0)
            return null;
        var sum = MatchPotentials.LogSumExp(exponents);
        return new MatchEvidence(best, cosines[best], Math.Exp(largest - sum), Math.Min(MostGap, largest - next), sum * temperature);
    }
}
