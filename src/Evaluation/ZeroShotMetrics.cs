using System.Globalization;
using Microsoft.ML.GentleClip.Evaluation;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Zero-shot classification: the class of a sample of one modality is the one whose prototype, an embedding of the other modality, is the
/// most similar by cosine (Radford et al., Learning Transferable Visual Models From Natural Language Supervision, 2021, section 3.1).
/// Made by <c>mlContext.GentleClip().EvaluateZeroShot(...)</c>.
/// </summary>
/// <remarks>
/// <para>A class with several prototype rows (prompt templates) has the mean of their unit embeddings, scaled to unit length again, as its
/// prototype. A mean of zeros is similar to nothing: cosine 0.</para>
/// <para>Labels are compared as text: a key by its value, numbers in invariant format. Ties are counted as if broken at random: a sample
/// whose own class ties with e others behind g better ones has class accuracy (k - g) / (e + 1), from 0 to 1, at k.</para>
/// </remarks>
public sealed class ZeroShotMetrics
{
    private static readonly int[] DefaultK = [1, 5];

    private readonly ClassRanking _ranking;

    private ZeroShotMetrics(ClassRanking ranking, int[] classes, ClassIndex index, int[] k)
    {
        (_ranking, K, Count, ClassNames) = (ranking, k, classes.Length, index.Names);
        var hits = ranking.HitsAt(1);
        Accuracy = hits.Average();
        ClassAccuracies = ClassIndex.Means(hits, classes, index.Names.Count);
        MacroAccuracy = ClassAccuracies.Where(accuracy => !double.IsNaN(accuracy)).Average();
    }

    /// <summary>Number of samples that were classified.</summary>
    public int Count { get; }

    /// <summary>Number of samples left out because their embedding is absent.</summary>
    public long SkippedRowCount { get; private init; }

    /// <summary>Number of samples left out because their label is missing or has no prototype.</summary>
    public long UnknownLabelCount { get; private init; }

    /// <summary>The classes: labels of the prototypes, in the order of their first appearance.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The numbers of classes that <see cref="ToString"/> lists. <see cref="AccuracyAt"/> takes others as well.</summary>
    public IReadOnlyList<int> K { get; }

    /// <summary>Share of samples whose own class comes first, in [0, 1].</summary>
    public double Accuracy { get; }

    /// <summary>Mean of <see cref="ClassAccuracies"/> over the classes that have samples.</summary>
    public double MacroAccuracy { get; }

    /// <summary>Share of each class's samples whose own class comes first, in the order of <see cref="ClassNames"/>; NaN for a class without samples.</summary>
    public IReadOnlyList<double> ClassAccuracies { get; }

    /// <summary>Share of samples whose own class is among the <paramref name="k"/> first, in [0, 1].</summary>
    /// <param name="k">Number of classes looked at, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is below 1.</exception>
    public double AccuracyAt(int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        return _ranking.HitsAt(k).Average();
    }

    /// <summary>The accuracy that guessing has on average: <paramref name="k"/> / number of classes, at most 1.</summary>
    /// <param name="k">Number of classes looked at, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> is below 1.</exception>
    public double ChanceAccuracyAt(int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        return Math.Min(1, (double)k / ClassNames.Count);
    }

    /// <summary>Classifies the samples of one view by the prototypes of another.</summary>
    internal static ZeroShotMetrics Evaluate(
        IDataView samples, string embeddingColumnName, string labelColumnName,
        IDataView prototypes, string prototypeEmbeddingColumnName, string prototypeLabelColumnName,
        int[]? k, CancellationToken cancellationToken)
    {
        var (sample, prototype) = EmbeddingColumnReader.FindBoth(samples, embeddingColumnName, prototypes, prototypeEmbeddingColumnName);
        var sampleLabel = LabelColumnReader.Find(samples, labelColumnName, "label");
        var prototypeLabel = LabelColumnReader.Find(prototypes, prototypeLabelColumnName, "label");
        k = RetrievalMetrics.CheckedK(k ?? DefaultK);

        var (index, prototypeRows, prototypeClasses) = (new ClassIndex(), new EmbeddingRows(sample.Dimension), new List<int>());
        foreach (var row in Rows(prototypes, prototype, prototypeLabel, cancellationToken))
        {
            if (prototype.Read(row) is not { IsEmpty: false } embedding)
                continue;
            prototypeClasses.Add(index.Add(prototypeLabel.Read() ?? throw new InvalidOperationException(
                $"The prototype in row {row} has no label in column '{prototypeLabelColumnName}'.")));
            prototypeRows.Add(embedding);
        }
        if (prototypeRows.Count == 0)
            throw new InvalidOperationException($"No prototype has an embedding '{prototypeEmbeddingColumnName}'.");

        var (sampleRows, classes) = (new EmbeddingRows(sample.Dimension), new List<int>());
        long skipped = 0, unknown = 0;
        foreach (var row in Rows(samples, sample, sampleLabel, cancellationToken))
        {
            var embedding = sample.Read(row);
            var own = index.Find(sampleLabel.Read());
            skipped += embedding.IsEmpty ? 1 : 0;
            unknown += !embedding.IsEmpty && own < 0 ? 1 : 0;
            if (embedding.IsEmpty || own < 0)
                continue;
            sampleRows.Add(embedding);
            classes.Add(own);
        }
        if (classes.Count == 0)
            throw new InvalidOperationException($"No sample can be classified: {skipped} lack '{embeddingColumnName}' "
                + $"and {unknown} have a label '{labelColumnName}' that is missing or has no prototype.");

        var ranking = new ClassRanking(sampleRows, classes, ClassIndex.Centroids(prototypeRows, prototypeClasses, index.Names.Count), cancellationToken);
        return new(ranking, [.. classes], index, k) { SkippedRowCount = skipped, UnknownLabelCount = unknown };
    }

    /// <summary>A table of the accuracies and those of guessing.</summary>
    public override string ToString()
    {
        var title = string.Create(CultureInfo.InvariantCulture, $"Zero-shot over {Count} samples, {ClassNames.Count} classes");
        if (SkippedRowCount > 0)
            title += string.Create(CultureInfo.InvariantCulture, $" ({SkippedRowCount} rows without embedding skipped)");
        if (UnknownLabelCount > 0)
            title += string.Create(CultureInfo.InvariantCulture, $" ({UnknownLabelCount} samples without a known label left out)");
        var table = new TextTable(16, title, "samples", "chance");
        foreach (var k in K)
            table.Line(string.Create(CultureInfo.InvariantCulture, $"Top-{k}"), "F4", AccuracyAt(k), ChanceAccuracyAt(k));
        table.Line("Macro accuracy", "F4", MacroAccuracy, ChanceAccuracyAt(1));
        return table.ToString();
    }

    private static IEnumerable<long> Rows(IDataView data, EmbeddingColumnReader embedding, LabelColumnReader label, CancellationToken cancellationToken)
    {
        using var cursor = Columns.Open(data, embedding.Column, label.Column);
        embedding.Open(cursor);
        label.Open(cursor);
        for (var row = 0L; cursor.MoveNext(); row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return row;
        }
    }
}
