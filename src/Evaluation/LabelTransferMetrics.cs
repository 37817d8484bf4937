using System.Globalization;
using Microsoft.ML.GentleClip.Evaluation;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Label transfer across modalities: labels of the one are given to samples of the other through the embedding space, by nearest neighbours
/// and by the nearest class centroid, both ways. Made by <c>mlContext.GentleClip().EvaluateLabelTransfer(...)</c>.
/// </summary>
/// <remarks>
/// <para>Neighbours: the k references of the highest cosine vote, each with one vote; the true partner is a reference like any other.
/// Centroids: each class is the mean of its references' unit embeddings, scaled to unit length.</para>
/// <para>Ties: references that tie for the last of the k places share the votes left; labels that tie for the most votes, and centroids
/// that tie for the first place, share the query. A reference modality whose embeddings are all the same thus scores what always giving its
/// most frequent label scores by neighbours, and one over the number of classes by centroids.</para>
/// <para>Transfer accuracy by neighbours is that of the single-cell literature (Demetci et al., SCOT, 2022; Cao et al., UnionCom, 2020),
/// which takes k = 5; samples whose label the references lack are left out here, and counted.</para>
/// </remarks>
public sealed class LabelTransferMetrics
{
    private LabelTransferMetrics(LabelTransferDirectionMetrics aToB, LabelTransferDirectionMetrics bToA) => (AToB, BToA) = (aToB, bToA);

    /// <summary>Number of references that vote.</summary>
    public int Neighbours { get; private init; }

    /// <summary>Number of rows left out because their label is missing.</summary>
    public long UnlabelledRowCount { get; private init; }

    /// <summary>The labels, in the order of their first appearance.</summary>
    public IReadOnlyList<string> ClassNames { get; private init; } = [];

    /// <summary>Labels of A, given to samples of B.</summary>
    public LabelTransferDirectionMetrics AToB { get; }

    /// <summary>Labels of B, given to samples of A.</summary>
    public LabelTransferDirectionMetrics BToA { get; }

    /// <summary>Mean of both directions' <see cref="LabelTransferDirectionMetrics.NeighbourAccuracy"/>.</summary>
    public double NeighbourAccuracy => (AToB.NeighbourAccuracy + BToA.NeighbourAccuracy) / 2;

    /// <summary>Mean of both directions' <see cref="LabelTransferDirectionMetrics.CentroidAccuracy"/>.</summary>
    public double CentroidAccuracy => (AToB.CentroidAccuracy + BToA.CentroidAccuracy) / 2;

    /// <summary>Evaluates all labelled rows; each gives a sample of A, of B, or of both.</summary>
    internal static LabelTransferMetrics Evaluate(
        IDataView data, string embeddingColumnNameA, string embeddingColumnNameB, string labelColumnName, int neighbours, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(neighbours, 1);
        var (a, b) = EmbeddingColumnReader.FindBoth(data, embeddingColumnNameA, data, embeddingColumnNameB);
        var label = LabelColumnReader.Find(data, labelColumnName, "label");
        var index = new ClassIndex();
        var (rowsA, classesA) = (new EmbeddingRows(a.Dimension), new List<int>());
        var (rowsB, classesB) = (new EmbeddingRows(b.Dimension), new List<int>());
        var unlabelled = 0L;
        using (var cursor = Columns.Open(data, a.Column, b.Column, label.Column))
        {
            a.Open(cursor);
            b.Open(cursor);
            label.Open(cursor);
            for (var row = 0L; cursor.MoveNext(); row++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (label.Read() is not { } name)
                {
                    unlabelled++;
                    continue;
                }
                Add(a.Read(row), rowsA, classesA, name);
                Add(b.Read(row), rowsB, classesB, name);
            }
        }
        int[] ofA = [.. classesA], ofB = [.. classesB];
        var classes = index.Names.Count;
        return new(
            new(rowsA, ofA, rowsB, ofB, classes, neighbours, $"from '{embeddingColumnNameA}' to '{embeddingColumnNameB}'", cancellationToken),
            new(rowsB, ofB, rowsA, ofA, classes, neighbours, $"from '{embeddingColumnNameB}' to '{embeddingColumnNameA}'", cancellationToken))
        {
            Neighbours = neighbours,
            UnlabelledRowCount = unlabelled,
            ClassNames = index.Names,
        };

        void Add(ReadOnlySpan<float> embedding, EmbeddingRows rows, List<int> ofRows, string name)
        {
            if (embedding.IsEmpty)
                return;
            rows.Add(embedding);
            ofRows.Add(index.Add(name));
        }
    }

    /// <summary>A table of the accuracies in both directions, their mean, and what the most frequent label scores.</summary>
    public override string ToString()
    {
        var title = string.Create(CultureInfo.InvariantCulture, $"Label transfer, {ClassNames.Count} classes, {AToB.Count} samples of B and {BToA.Count} of A");
        if (UnlabelledRowCount > 0)
            title += string.Create(CultureInfo.InvariantCulture, $" ({UnlabelledRowCount} rows without label skipped)");
        if (AToB.UnknownLabelCount + BToA.UnknownLabelCount > 0)
            title += string.Create(
                CultureInfo.InvariantCulture,
                $" ({AToB.UnknownLabelCount} and {BToA.UnknownLabelCount} samples with a label that the other modality lacks left out)");
        var table = new TextTable(20, title, "A to B", "B to A", "mean");
        Line(string.Create(CultureInfo.InvariantCulture, $"{Neighbours} nearest"), direction => direction.NeighbourAccuracy);
        Line("  macro", direction => direction.MacroNeighbourAccuracy);
        Line("Nearest centroid", direction => direction.CentroidAccuracy);
        Line("  macro", direction => direction.MacroCentroidAccuracy);
        Line("Most frequent label", direction => direction.MajorityAccuracy);
        return table.ToString();

        void Line(string name, Func<LabelTransferDirectionMetrics, double> value) =>
            table.Line(name, "F4", value(AToB), value(BToA), (value(AToB) + value(BToA)) / 2);
    }
}
