namespace Microsoft.ML.GentleClip.Interactive;

/// <summary>What a notebook shows of views, models and metrics: write the call as a cell's last line, without a semicolon.</summary>
public static class NotebookOutputs
{
    private static readonly int[] DefaultK = [1, 5, 10];

    /// <summary>
    /// Embeddings in the plane of their two principal components, on axes of equal scale, coloured by a label. With a second column, dots are the first's rows,
    /// triangles the second's, and lines join the sides of some rows.
    /// </summary>
    /// <remarks>
    /// Rows without an embedding are left out; of more than 600 rows every n-th is drawn. The ten commonest labels have colours of their own (nine, where
    /// there are more than ten).
    /// </remarks>
    /// <param name="view">The rows.</param>
    /// <param name="embeddingColumnName">Column of vectors of Single of a known size.</param>
    /// <param name="otherEmbeddingColumnName">The other modality's embeddings, of the same size; null (default): only the one column.</param>
    /// <param name="labelColumnName">Column that colours the points: text, key, number or Boolean; null (default): one colour.</param>
    /// <param name="title">Line above the plot.</param>
    /// <param name="partnerLines">Rows whose sides are joined, 0 or more. Default 15.</param>
    /// <exception cref="ArgumentException">A column is missing or holds no vectors, or fewer than 2 embeddings are there; the message names it.</exception>
    public static NotebookGraphic PlotEmbeddings(this IDataView view, string embeddingColumnName, string? otherEmbeddingColumnName = null,
        string? labelColumnName = null,
        string title = "Embeddings", int partnerLines = 15)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(title);
        ArgumentOutOfRangeException.ThrowIfNegative(partnerLines);
        return EmbeddingPlot.Draw(view, embeddingColumnName, otherEmbeddingColumnName, labelColumnName, title, partnerLines);
    }

    /// <summary>
    /// Each loss term of a training over the steps, on a logarithmic axis, and beside it the recall@10 on validation pairs where some were held out.
    /// </summary>
    /// <param name="model">The trained model, or a pipeline that has one.</param>
    /// <param name="title">Line above the plot.</param>
    /// <exception cref="ArgumentException">The pipeline has no model, or several.</exception>
    /// <exception cref="InvalidOperationException">The model is a closed form, which has no training steps.</exception>
    public static NotebookGraphic PlotTraining(this ITransformer model, string title = "Training")
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(title);
        return TrainingPlot.Draw(model.FindGentleClip().History, title);
    }

    /// <summary>Recall both ways in per cent, with what guessing would find.</summary>
    /// <param name="metrics">Metrics of one model.</param>
    /// <param name="nameOfA">What a sample of the first column is called.</param>
    /// <param name="nameOfB">What a sample of the second column is called.</param>
    public static NotebookTable ToTable(this RetrievalMetrics metrics, string nameOfA = "A", string nameOfB = "B")
    {
        ArgumentNullException.ThrowIfNull(metrics);
        return new NotebookTable(["", .. metrics.K.Select(k => $"recall@{k}, %"), "median rank"],
        [
            Line($"{nameOfA} finds {nameOfB}", metrics.AToB.RecallAt, metrics.AToB.MedianRank, metrics.K),
            Line($"{nameOfB} finds {nameOfA}", metrics.BToA.RecallAt, metrics.BToA.MedianRank, metrics.K),
            Line("guessing", metrics.ChanceRecallAt, null, metrics.K),
        ]);
    }

    /// <summary>Mean recall of both directions in per cent, one row per model, and what guessing would find.</summary>
    /// <param name="metrics">Metrics of each model on the same rows, in the order of the table.</param>
    /// <param name="k">Ranks to show, each among the ranks that every model was evaluated at. Null (default): 1, 5 and 10.</param>
    /// <exception cref="ArgumentException">No model is given, or a rank was not evaluated.</exception>
    public static NotebookTable ToTable(this IEnumerable<(string Name, RetrievalMetrics Metrics)> metrics, int[]? k = null)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        (string Name, RetrievalMetrics Metrics)[] models = [.. metrics];
        if (models.Length == 0)
            throw new ArgumentException("A table of retrieval needs a model or more; found none.", nameof(metrics));
        int[] ranks = k ?? DefaultK;
        var missing = models.SelectMany(model => ranks.Where(rank => !model.Metrics.K.Contains(rank)).Select(rank => $"'{model.Name}' has no recall@{rank}"))
            .ToArray();
        if (missing.Length > 0)
            throw new ArgumentException($"{string.Join(", ", missing)}; evaluate at these ranks, or name others.", nameof(k));
        return new NotebookTable(["", .. ranks.Select(rank => $"recall@{rank}, %"), "median rank"],
            [.. models.Select(model => Line(model.Name, model.Metrics.RecallAt, model.Metrics.MedianRank, ranks)),
                Line("guessing", models[0].Metrics.ChanceRecallAt, null, ranks)]);
    }

    /// <summary>The first rows of a view; vectors are shortened, a missing one says so.</summary>
    /// <param name="view">The rows; no more are read than are shown.</param>
    /// <param name="rows">How many rows to show, 1 or more. Default 5.</param>
    /// <param name="columns">Columns to show, in this order; none: all.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    public static NotebookTable ToTable(this IDataView view, int rows = 5, params string[] columns)
    {
        ArgumentNullException.ThrowIfNull(view);
        ArgumentNullException.ThrowIfNull(columns);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        DataViewSchema.Column[] shown = columns.Length == 0
            ? [.. view.Schema.Where(column => !column.IsHidden)]
            : Array.ConvertAll(columns, column => ColumnReader.Find(view.Schema, column, nameof(columns)));
        using var cursor = view.GetRowCursor(shown);
        Func<object?>[] cells = Array.ConvertAll(shown, column => ColumnReader.Cell(cursor, column));
        var lines = new List<object?[]>();
        while (lines.Count < rows && cursor.MoveNext())
            lines.Add(Array.ConvertAll(cells, cell => cell()));
        return new NotebookTable(shown.Select(column => column.Name), lines);
    }

    private static object?[] Line(string name, Func<int, double> recall, double? medianRank, IEnumerable<int> ranks) =>
        [name, .. ranks.Select(rank => (object?)Math.Round(100 * recall(rank), 1)), medianRank];
}
