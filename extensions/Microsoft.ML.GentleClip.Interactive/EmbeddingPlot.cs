using System.Globalization;

namespace Microsoft.ML.GentleClip.Interactive;

/// <summary>Draws embeddings in their principal plane.</summary>
internal static class EmbeddingPlot
{
    private const int MostPoints = 600;

    public static NotebookGraphic Draw(IDataView view, string columnA, string? columnB, string? labelColumn, string title, int partners)
    {
        var rows = Read(view, columnA, columnB, labelColumn);
        bool hasB = columnB is not null;
        float[][] all = [.. rows.Where(row => row.A is not null).Select(row => row.A!), .. rows.Where(row => row.B is not null).Select(row => row.B!)];
        if (all.Length < 2)
            throw new ArgumentException($"A plot needs 2 embeddings or more; found {all.Length} that are not missing.", nameof(view));
        var (points, shareX, shareY) = PrincipalPlane.Project(all);
        var (x, y) = Axis.Equal((Label("first", shareX), points.Select(point => point.X)), (Label("second", shareY), points.Select(point => point.Y)),
            (double)SvgChart.PlotWidth / SvgChart.PlotHeight);
        var chart = new SvgChart(title, x, y);

        // The coordinates go back to their rows.
        int next = 0;
        (double X, double Y)?[] a = [.. rows.Select(row => row.A is null ? ((double, double)?)null : points[next++])];
        (double X, double Y)?[] b = [.. rows.Select(row => row.B is null ? ((double, double)?)null : points[next++])];

        // Where there are labels and two columns, the shape says the column and the colour the label: a line of the legend for each, not for each combination.
        bool hasLabels = labelColumn is not null;
        if (hasLabels && hasB)
        {
            chart.ExplainShape(isTriangle: false, Short(columnA));
            chart.ExplainShape(isTriangle: true, Short(columnB!));
        }
        foreach (var (name, colour, members) in Groups([.. rows.Select(row => row.Label)]))
        {
            (double X, double Y)[] dots = [.. members.Select(row => a[row]).OfType<(double, double)>()];
            (double X, double Y)[] triangles = [.. members.Select(row => b[row]).OfType<(double, double)>()];
            string labelled = name.Length > 0 ? Short(name) : "no label";
            if (dots.Length > 0)
                chart.AddDots(dots, colour, hasLabels ? labelled : Short(columnA));
            if (triangles.Length > 0)
                chart.AddTriangles(triangles, colour, !hasLabels ? Short(columnB!) : dots.Length > 0 ? null : labelled);
        }

        int[] both = [.. Enumerable.Range(0, rows.Count).Where(row => a[row] is not null && b[row] is not null)];
        if (both.Length > 0 && partners > 0)
            chart.AddSegments(both.Where((_, i) => i % Math.Max(1, both.Length / partners) == 0).Take(partners).Select(row => (a[row]!.Value, b[row]!.Value)),
                "partners (some)");
        return new NotebookGraphic(chart.Render(), string.Create(CultureInfo.InvariantCulture, $"{title}: {all.Length} embeddings in their principal plane."));
    }

    // The commonest labels have a colour each, the rest share one.
    private static IEnumerable<(string Name, string Colour, int[] Rows)> Groups(string[] labels)
    {
        var groups = labels.Select((label, row) => (label, row)).GroupBy(item => item.label, item => item.row).OrderByDescending(group => group.Count())
            .ThenBy(group => group.Key, StringComparer.Ordinal).ToArray();
        int shown = groups.Length <= Palette.Count ? groups.Length : Palette.Count - 1;
        var named = groups.Take(shown).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select((group, i) => (group.Key, Palette.Colour(i), group.ToArray()));
        // Beneath the others.
        return groups.Length == shown ? named
            : named.Prepend(($"{groups.Length - shown} others", Palette.Other, groups.Skip(shown).SelectMany(group => group).Order().ToArray()));
    }

    private static List<(float[]? A, float[]? B, string Label)> Read(IDataView view, string columnA, string? columnB, string? labelColumn)
    {
        var schema = view.Schema;
        var a = ColumnReader.FindVector(schema, columnA, "embeddingColumnName");
        DataViewSchema.Column? b = columnB is null ? null : ColumnReader.FindVector(schema, columnB, "otherEmbeddingColumnName");
        DataViewSchema.Column? label = labelColumn is null ? null : ColumnReader.Find(schema, labelColumn, "labelColumnName");
        DataViewSchema.Column?[] wanted = [a, b, label];
        using var cursor = view.GetRowCursor([.. wanted.OfType<DataViewSchema.Column>()]);
        var readA = ColumnReader.Vector(cursor, a);
        var readB = b is { } other ? ColumnReader.Vector(cursor, other) : null;
        var readLabel = label is { } named ? ColumnReader.Cell(cursor, named) : null;
        var rows = new List<(float[]? A, float[]? B, string Label)>();
        while (cursor.MoveNext())
            rows.Add((Present(readA()), readB is null ? null : Present(readB()), Convert.ToString(readLabel?.Invoke(), CultureInfo.InvariantCulture) ?? ""));
        int every = (rows.Count + MostPoints - 1) / MostPoints;
        return every <= 1 ? rows : [.. rows.Where((_, i) => i % every == 0)];
    }

    private static float[]? Present(float[] embedding) => embedding.Length == 0 || Array.Exists(embedding, value => !float.IsFinite(value)) ? null : embedding;

    private static string Label(string which, double share) =>
        string.Create(CultureInfo.InvariantCulture, $"{which} principal component ({100 * share:0} % of the variance)");

    // "SequenceEmbedding" is the column's name, "Sequence" says as much in a legend.
    private static string Short(string name)
    {
        string text = name.EndsWith("Embedding", StringComparison.Ordinal) && name.Length > 9 ? name[..^9].ToLowerInvariant() : name;
        return text.Length > 22 ? $"{text[..21]}…" : text;
    }
}
