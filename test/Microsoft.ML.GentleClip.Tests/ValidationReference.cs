namespace Microsoft.ML.GentleClip.Tests;

/// <summary>The figures of a validation, computed anew from embedding columns, one comparison at a time; for rows without repeated samples.</summary>
internal static class ValidationReference
{
    public static ValidationRetrieval Evaluate(GentleClipTransformer model, IEnumerable<TwoViews.Row> validation, IEnumerable<TwoViews.Row> train)
    {
        var mlContext = new MLContext(1);
        List<TwoViews.Row> rows = [.. validation, .. train];
        var view = model.Transform(mlContext.Data.LoadFromEnumerable(rows));
        var (a, b) = (Embeddings.Column(view, "EmbeddingA"), Embeddings.Column(view, "EmbeddingB"));
        int[] pairs = [.. Enumerable.Range(0, validation.Count()).Where(row => rows[row].A is not null && rows[row].B is not null)];
        double[] ranks = [.. pairs.Select(pair => Rank(a[pair], pair, b)).Concat(pairs.Select(pair => Rank(b[pair], pair, a)))];
        return new ValidationRetrieval(Recall(1), Recall(5), Recall(10), ranks.Average(rank => 1 / rank)) { MeanLogRank = ranks.Average(Math.Log) };

        double Recall(int k) => ranks.Average(rank => rank <= k ? 1.0 : 0);
    }

    private static double Rank(float[] query, int partner, float[][] candidates)
    {
        var cosine = Embeddings.Dot(query, candidates[partner]);
        // A side that is absent has NaN for an embedding, which is above nothing.
        return 1 + Enumerable.Range(0, candidates.Length).Count(other => other != partner && Embeddings.Dot(query, candidates[other]) > cosine);
    }
}
