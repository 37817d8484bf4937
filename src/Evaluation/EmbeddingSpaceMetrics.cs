using System.Globalization;
using System.Numerics.Tensors;
using Microsoft.ML.GentleClip.Evaluation;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// The shape of a common embedding space: how close pairs are (alignment), how evenly each modality spreads over the sphere (uniformity),
/// and how far apart the modalities lie (modality gap). Made by <c>mlContext.GentleClip().EvaluateEmbeddingSpace(...)</c>.
/// </summary>
/// <remarks>
/// Embeddings are scaled to unit length first. All pairs of rows are compared, in time rows x rows x dimension and memory rows x dimension;
/// sums are added in one order, so that the number of threads changes nothing. Alignment and the cosines are of the rows that have both
/// embeddings, uniformity and gap of all rows that have the one. Alignment and uniformity: Wang and Isola, Understanding Contrastive
/// Representation Learning through Alignment and Uniformity on the Hypersphere, 2020, with their defaults alpha = 2 and t = 2. Modality gap:
/// Liang et al., Mind the Gap, 2022.
/// </remarks>
public sealed class EmbeddingSpaceMetrics
{
    private EmbeddingSpaceMetrics()
    {
    }

    /// <summary>Number of embeddings of A.</summary>
    public int CountA { get; private init; }

    /// <summary>Number of embeddings of B.</summary>
    public int CountB { get; private init; }

    /// <summary>Number of rows that have both.</summary>
    public int PairCount { get; private init; }

    /// <summary>Mean of |a - b|^2 over the pairs, from 0 (partners coincide) to 4; 2 - 2 <see cref="MeanPairCosine"/>. NaN without pairs.</summary>
    public double Alignment { get; private init; }

    /// <summary>
    /// Logarithm of the mean of exp(-2 |x - y|^2) over the pairs x, y of different rows of A, in [-8, 0]; the lower the more even, 0 if all are the same.
    /// NaN for fewer than two rows.
    /// </summary>
    public double UniformityA { get; private init; }

    /// <summary>The same of B.</summary>
    public double UniformityB { get; private init; }

    /// <summary>Euclidean distance between the mean embedding of A and that of B, in [0, 2].</summary>
    public double ModalityGap { get; private init; }

    /// <summary>Mean cosine of the pairs, in [-1, 1]. NaN without pairs.</summary>
    public double MeanPairCosine { get; private init; }

    /// <summary>
    /// Mean cosine of an embedding of A with one of B of another pair: what <see cref="MeanPairCosine"/> has to be seen against. NaN for fewer than two
    /// pairs.
    /// </summary>
    public double MeanOtherCosine { get; private init; }

    /// <summary>Evaluates the rows of a view, paired or not.</summary>
    internal static EmbeddingSpaceMetrics Evaluate(
        IDataView data, string embeddingColumnNameA, string embeddingColumnNameB, CancellationToken cancellationToken)
    {
        var (a, b) = EmbeddingColumnReader.FindBoth(data, embeddingColumnNameA, data, embeddingColumnNameB);
        var (rowsA, rowsB, pairs) = (new EmbeddingRows(a.Dimension), new EmbeddingRows(b.Dimension), new List<(int A, int B)>());
        using (var cursor = Columns.Open(data, a.Column, b.Column))
        {
            a.Open(cursor);
            b.Open(cursor);
            for (var row = 0L; cursor.MoveNext(); row++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var embeddingA = a.Read(row);
                var embeddingB = b.Read(row);
                if (!embeddingA.IsEmpty)
                    rowsA.Add(embeddingA);
                if (!embeddingB.IsEmpty)
                    rowsB.Add(embeddingB);
                if (!embeddingA.IsEmpty && !embeddingB.IsEmpty)
                    pairs.Add((rowsA.Count - 1, rowsB.Count - 1));
            }
        }
        if (rowsA.Count == 0 || rowsB.Count == 0)
            throw new InvalidOperationException(
                $"Both modalities need embeddings, but '{embeddingColumnNameA}' has {rowsA.Count} and '{embeddingColumnNameB}' has {rowsB.Count}.");

        double distance = 0, cosine = 0;
        foreach (var (rowA, rowB) in pairs)
        {
            var x = rowsA.Values(rowA);
            var y = rowsB.Values(rowB);
            distance += TensorPrimitives.SumOfSquares<double>(Difference(x, y));
            cosine += Dot(x, y);
        }
        var n = pairs.Count;
        var all = n < 2 ? double.NaN : TensorPrimitives.Dot<double>(Sum(rowsA, pairs.Select(pair => pair.A)), Sum(rowsB, pairs.Select(pair => pair.B)));
        double[] meanA = Sum(rowsA, Enumerable.Range(0, rowsA.Count)), meanB = Sum(rowsB, Enumerable.Range(0, rowsB.Count));
        TensorPrimitives.Divide(meanA, rowsA.Count, meanA);
        TensorPrimitives.Divide(meanB, rowsB.Count, meanB);
        return new()
        {
            CountA = rowsA.Count,
            CountB = rowsB.Count,
            PairCount = n,
            Alignment = distance / n,
            UniformityA = Uniformity(rowsA, cancellationToken),
            UniformityB = Uniformity(rowsB, cancellationToken),
            ModalityGap = TensorPrimitives.Distance<double>(meanA, meanB),
            MeanPairCosine = cosine / n,
            MeanOtherCosine = (all - cosine) / n / (n - 1),
        };
    }

    /// <summary>A table of the measures.</summary>
    public override string ToString()
    {
        var title = string.Create(CultureInfo.InvariantCulture, $"Embedding space of {CountA} samples of A, {CountB} of B, {PairCount} pairs");
        var table = new TextTable(20, title);
        table.Line("Alignment", "F4", Alignment);
        table.Line("Uniformity of A", "F4", UniformityA);
        table.Line("Uniformity of B", "F4", UniformityB);
        table.Line("Modality gap", "F4", ModalityGap);
        table.Line("Mean pair cosine", "F4", MeanPairCosine);
        table.Line("Mean other cosine", "F4", MeanOtherCosine);
        return table.ToString();
    }

    private static double Uniformity(EmbeddingRows rows, CancellationToken cancellationToken)
    {
        if (rows.Count < 2)
            return double.NaN;
        // |x - y|^2 = |x|^2 + |y|^2 - 2 xy, where a row of zeros has no length.
        var squares = new double[rows.Count];
        for (var row = 0; row < rows.Count; row++)
            squares[row] = rows.Values(row).ContainsAnyExcept(0f) ? 1 : 0;
        var sums = new double[rows.Count];
        Parallel.For(0, rows.Count, new ParallelOptions { CancellationToken = cancellationToken }, row =>
        {
            double sum = 0;
            for (var group = row / EmbeddingRows.Group; group < rows.Groups; group++)
            {
                var products = Similarity<DotProduct>.Of(rows.Row(row), rows.GroupOfRows(group));
                for (var lane = 0; lane < EmbeddingRows.Group; lane++)
                    if (group * EmbeddingRows.Group + lane is var other && other > row && other < rows.Count)
                        sum += Math.Exp(-2 * (squares[row] + squares[other] - 2 * products[lane]));
            }
            sums[row] = sum;
        });
        return Math.Log(sums.Sum() / (rows.Count * (rows.Count - 1.0) / 2));
    }

    private static double[] Difference(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        var difference = new double[x.Length];
        for (var i = 0; i < x.Length; i++)
            difference[i] = (double)x[i] - y[i];
        return difference;
    }

    private static double Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        double sum = 0;
        for (var i = 0; i < x.Length; i++)
            sum += (double)x[i] * y[i];
        return sum;
    }

    private static double[] Sum(EmbeddingRows rows, IEnumerable<int> chosen)
    {
        var sum = new double[rows.Dimension];
        foreach (var row in chosen)
        {
            var values = rows.Values(row);
            for (var i = 0; i < sum.Length; i++)
                sum[i] += values[i];
        }
        return sum;
    }
}
