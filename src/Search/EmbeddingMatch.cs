namespace Microsoft.ML.GentleClip;

/// <summary>A row that a search found.</summary>
/// <param name="Row">Its zero-based number among all rows of the view that was searched.</param>
/// <param name="Score">
/// The cosine to the query, -1 to 1; with CSLS 2 * cosine less the two neighbourhoods' mean cosines, -4 to 4. The larger the better.
/// </param>
public readonly record struct EmbeddingMatch(long Row, float Score);
