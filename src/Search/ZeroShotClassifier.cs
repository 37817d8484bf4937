using Microsoft.ML.GentleClip.Evaluation;
using Microsoft.ML.GentleClip.Onnx;
using Microsoft.ML.GentleClip.OnnxWriter;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Classifies embeddings by their cosines to prototypes, one per label, without any training on labels (Radford et al., Learning Transferable Visual Models
/// From Natural Language Supervision, 2021, section 3.1). The prototypes are embeddings of the other modality: of the labels' texts, or of any samples.
/// </summary>
/// <remarks>
/// Immutable and thread-safe. A label with several prototypes (prompt templates) has the mean of their unit embeddings, scaled to unit length again. As a
/// step of a pipeline: <c>mlContext.Transforms.ZeroShot(...)</c>.
/// </remarks>
public sealed class ZeroShotClassifier
{
    private readonly EmbeddingRows _prototypes;

    private ZeroShotClassifier(IReadOnlyList<string> labels, EmbeddingRows prototypes, double temperature) =>
        (Labels, _prototypes, Temperature) = (labels, prototypes, temperature);

    /// <summary>The labels, in the order of the scores.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Length of the embeddings.</summary>
    public int Dimension => _prototypes.Dimension;

    /// <summary>What the cosines are divided by before the softmax.</summary>
    public double Temperature { get; }

    /// <summary>A unit row for each label.</summary>
    internal EmbeddingRows Prototypes => _prototypes;

    /// <summary>Makes a classifier of prototypes that are embedded already; see <see cref="GentleClipOperationsCatalog.CreateZeroShotClassifier"/>.</summary>
    internal static ZeroShotClassifier Create(
        IDataView prototypes, string embeddingColumnName, string labelColumnName, double temperature = 0.07, CancellationToken cancellationToken = default)
    {
        var (embedding, label) = (EmbeddingColumnReader.Find(prototypes, embeddingColumnName), LabelColumnReader.Find(prototypes, labelColumnName, "label"));
        var (index, rows, classes) = (new ClassIndex(), new EmbeddingRows(embedding.Dimension), new List<int>());
        using var cursor = Columns.Open(prototypes, embedding.Column, label.Column);
        embedding.Open(cursor);
        label.Open(cursor);
        for (var row = 0L; cursor.MoveNext(); row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (embedding.Read(row) is not { IsEmpty: false } values)
                continue;
            classes.Add(index.Add(label.Read() ?? throw new InvalidOperationException(
                $"The prototype in row {row} has no label in column '{labelColumnName}'.")));
            rows.Add(values);
        }
        return rows.Count > 0
            ? Create(index.Names, rows, classes, temperature)
            : throw new InvalidOperationException($"No prototype has an embedding '{embeddingColumnName}'.");
    }

    /// <summary>Makes a classifier of prototypes in memory.</summary>
    /// <param name="labels">The labels.</param>
    /// <param name="prototypes">Unit rows.</param>
    /// <param name="classes">Number of each row's label.</param>
    /// <param name="temperature">What the cosines are divided by.</param>
    internal static ZeroShotClassifier Create(IReadOnlyList<string> labels, EmbeddingRows prototypes, IReadOnlyList<int> classes, double temperature)
    {
        if (!(temperature > 0) || !double.IsFinite(temperature))
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, $"The temperature must be above 0, found {temperature}.");
        return new([.. labels], ClassIndex.Centroids(prototypes, classes, labels.Count), temperature);
    }

    /// <summary>A classifier of prototypes that are averaged and scaled already, one for each label.</summary>
    internal static ZeroShotClassifier Restore(IReadOnlyList<string> labels, EmbeddingRows prototypes, double temperature) =>
        new(labels, prototypes, temperature);

    /// <summary>The cosines of an embedding to the labels' prototypes, in the order of <see cref="Labels"/>.</summary>
    /// <param name="embedding">Of length <see cref="Dimension"/>; it need not be a unit vector.</param>
    /// <returns>The cosines, -1 to 1; NaN where the embedding has a NaN.</returns>
    /// <exception cref="ArgumentException">The embedding has another length.</exception>
    /// <exception cref="InvalidOperationException">The embedding has an infinite value.</exception>
    public float[] GetSimilarities(ReadOnlySpan<float> embedding)
    {
        var similarities = new float[Labels.Count];
        Compare(embedding, similarities, nameof(embedding), row: 0);
        return similarities;
    }

    /// <summary>The probabilities of the labels, the softmax of the cosines over the temperature, in the order of <see cref="Labels"/>.</summary>
    /// <inheritdoc cref="GetSimilarities"/>
    /// <returns>Probabilities that add up to 1; NaN where the embedding has a NaN.</returns>
    public float[] GetProbabilities(ReadOnlySpan<float> embedding)
    {
        var values = GetSimilarities(embedding);
        ToProbabilities(values);
        return values;
    }

    /// <summary>The label of the largest cosine, of equal ones the first; null where the embedding has a NaN.</summary>
    /// <inheritdoc cref="GetSimilarities"/>
    /// <returns>The label or null.</returns>
    public string? Classify(ReadOnlySpan<float> embedding) => Best(GetSimilarities(embedding)) is >= 0 and var best ? Labels[best] : null;

    /// <summary>Number of the largest value, the first of equal ones; -1 where they are NaN.</summary>
    internal static int Best(ReadOnlySpan<float> values)
    {
        var best = -1;
        for (var i = 0; i < values.Length; i++)
            if (!float.IsNaN(values[i]) && (best < 0 || values[i] > values[best]))
                best = i;
        return best;
    }

    /// <summary>Writes the cosines.</summary>
    /// <param name="embedding">Of length <see cref="Dimension"/>, or empty where it is absent.</param>
    /// <param name="similarities">Receives a cosine for each label, NaN where the embedding is absent.</param>
    /// <param name="name">What to call the embedding in an error.</param>
    /// <param name="row">Its row, for errors.</param>
    internal void Compare(ReadOnlySpan<float> embedding, Span<float> similarities, string name, long row)
    {
        if (embedding.Length != Dimension && embedding.Length > 0)
            throw new ArgumentException($"The embedding has {embedding.Length} dimensions; expected {Dimension}.", nameof(embedding));
        if (EmbeddingColumnReader.IsAbsent(embedding, name, row))
        {
            similarities.Fill(float.NaN);
            return;
        }
        var query = new EmbeddingRows(Dimension, 1);
        query.Add(embedding);
        for (var label = 0; label < similarities.Length; label++)
            similarities[label] = Similarity<DotProduct>.Of(query.Row(0), _prototypes.GroupOfRows(label / EmbeddingRows.Group))[label % EmbeddingRows.Group];
    }

    /// <summary>The classification as a graph; its inputs and outputs are named in <see cref="ZeroShotNodes"/>.</summary>
    internal OnnxGraph ToGraph() =>
        ZeroShotNodes.Build([.. Enumerable.Range(0, Labels.Count).Select(label => _prototypes.Values(label).ToArray())], Temperature);

    /// <summary>Turns cosines into probabilities.</summary>
    internal void ToProbabilities(Span<float> values)
    {
        var (largest, sum) = (Best(values) is >= 0 and var best ? values[best] : float.NaN, 0.0);
        foreach (var value in values)
            sum += Math.Exp((value - largest) / Temperature);
        foreach (ref var value in values)
            value = (float)(Math.Exp((value - largest) / Temperature) / sum);
    }
}
