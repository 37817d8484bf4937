using Microsoft.ML.GentleClip.Evaluation;

namespace Microsoft.ML.GentleClip;

/// <summary>How well labels of one modality, the references, fit the samples of the other, the queries. See <see cref="LabelTransferMetrics"/>.</summary>
public sealed class LabelTransferDirectionMetrics
{
    internal LabelTransferDirectionMetrics(
        EmbeddingRows references, int[] referenceClasses, EmbeddingRows queries, int[] queryClasses, int classes, int neighbours, string direction,
            CancellationToken cancellationToken)
    {
        var known = referenceClasses.Distinct().ToArray();
        var rows = new EmbeddingRows(queries.Dimension, queries.Count, scale: false); // they are unit rows already
        var own = new List<int>();
        for (var row = 0; row < queries.Count; row++)
        {
            if (!known.Contains(queryClasses[row]))
                continue;
            rows.Add(queries.Values(row));
            own.Add(queryClasses[row]);
        }
        if (own.Count == 0)
            throw new InvalidOperationException(
                $"No label can be carried over {direction}: there are {references.Count} labelled references and {queries.Count} labelled queries, and they "
                    + $"share no label.");

        (ReferenceCount, Count, UnknownLabelCount) = (references.Count, own.Count, queries.Count - own.Count);
        int[] queryOwn = [.. own];
        var byNeighbours = NeighbourVote.Hits(rows, queryOwn, references, referenceClasses, classes, neighbours, cancellationToken);

        // Classes without references have no centroid, so the classes are numbered anew.
        var number = new int[classes];
        foreach (var (index, label) in known.Index())
            number[label] = index;
        var centroids = ClassIndex.Centroids(references, [.. referenceClasses.Select(label => number[label])], known.Length);
        var byCentroid = new ClassRanking(rows, [.. own.Select(label => number[label])], centroids, cancellationToken).HitsAt(1);

        (NeighbourAccuracy, MacroNeighbourAccuracy) = (byNeighbours.Average(), Macro(byNeighbours));
        (CentroidAccuracy, MacroCentroidAccuracy) = (byCentroid.Average(), Macro(byCentroid));
        MajorityAccuracy = own.CountBy(label => label).Max(label => label.Value) / (double)own.Count;

        double Macro(double[] hits) => ClassIndex.Means(hits, queryOwn, classes).Where(mean => !double.IsNaN(mean)).Average();
    }

    /// <summary>Number of labelled references.</summary>
    public int ReferenceCount { get; }

    /// <summary>Number of queries: labelled samples whose label the references have as well.</summary>
    public int Count { get; }

    /// <summary>Number of labelled samples left out because no reference has their label.</summary>
    public int UnknownLabelCount { get; }

    /// <summary>Share of queries whose nearest references vote for their own label, in [0, 1].</summary>
    public double NeighbourAccuracy { get; }

    /// <summary>The same as a mean over the queries' classes.</summary>
    public double MacroNeighbourAccuracy { get; }

    /// <summary>Share of queries whose own class has the nearest centroid, in [0, 1].</summary>
    public double CentroidAccuracy { get; }

    /// <summary>The same as a mean over the queries' classes.</summary>
    public double MacroCentroidAccuracy { get; }

    /// <summary>Share of the most frequent label among the queries: what always giving that label scores.</summary>
    public double MajorityAccuracy { get; }
}
