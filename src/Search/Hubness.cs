namespace Microsoft.ML.GentleClip.Search;

/// <summary>What CSLS takes off: how near rows are to anything.</summary>
/// <param name="Radii">Of each row, the mean of the largest cosines to embeddings of the queries' modality.</param>
/// <param name="Neighbours">Number of cosines in the means.</param>
internal sealed record Hubness(float[] Radii, int Neighbours)
{
    /// <summary>The mean of some matches' scores.</summary>
    public static float MeanScore((int Row, float Score)[] matches) => (float)matches.Average(match => (double)match.Score);
}
