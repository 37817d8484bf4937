using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Transformers;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Transformers;

/// <summary>What the tests of the scoring path share: transformers with random weights, which score like trained ones, and rows.</summary>
internal static class Scoring
{
    /// <summary>
    /// How far an embedding's slot may move when its row is computed in a batch of another size: matrix products choose their kernels by
    /// shape and so add up in another order. A few units in the last place of numbers up to 1.
    /// </summary>
    public const float Tolerance = 1e-6f;

    /// <summary>
    /// Tensors of a transformer's state: 2 of standardisation, 2 a linear map (3) and 2 of the layer normalisation a tower, and the logit scale.
    /// </summary>
    public const int WeightTensors = 2 * (2 + 3 * 2 + 2) + 1;

    public static readonly MLContext Context = new(seed: 1);

    // Tiny products, and threads of torch's own collapse when cores are shared.
    static Scoring() => set_num_threads(1);

    /// <summary>Weights of their own, the same each time.</summary>
    public static GentleClipTransformer CreateTransformer(TrainingRows rows = TrainingRows.All, string outputA = "EmbeddingA", string outputB = "EmbeddingB")
    {
        var encoder = new VectorEncoderOptions { HiddenDimensions = [32] };
        var spec = new TwoTowerSpec(
            new TowerSpec(Modality.Vector(outputA, "A", encoder), TwoViews.DimensionA),
            new TowerSpec(Modality.Vector(outputB, "B", encoder), TwoViews.DimensionB), EmbeddingDimension: 16, Temperature: 0.07);
        using var generator = new Generator(7);
        return new GentleClipTransformer(new FittedModel(new TwoTowerModel(spec, generator), Seed: 7, rows, History: []), CPU);
    }

    /// <summary>The transformer's view with a window of another size.</summary>
    public static EmbeddingDataView View(GentleClipTransformer transformer, IDataView source, int window, bool requireA = false, bool requireB = false,
        bool overlap = true, int? batchSize = null) =>
        new(source, new EmbeddingSchema(source.Schema, [.. transformer.Columns]), [requireA, requireB], new ScoringPlan(window, batchSize, overlap));

    public static IDataView Load(IEnumerable<TwoViews.Row> rows) => Context.Data.LoadFromEnumerable(rows);

    /// <summary>Rows of which every third lacks A and every fifth lacks B.</summary>
    /// <param name="count">Number of rows.</param>
    /// <param name="seed">Decides the values.</param>
    /// <param name="withNulls">
    /// Whether every other missing vector is a null array instead of NaNs. Such a vector has length 0 under a type of fixed size, which
    /// ML.NET's cache and binary saver refuse.
    /// </param>
    public static List<TwoViews.Row> Gaps(int count, int seed = 5, bool withNulls = true)
    {
        var rows = TwoViews.Pairs(count, seed);
        for (var i = 0; i < count; i++)
        {
            (rows[i].A, rows[i].B) = (i % 3 == 2 ? Missing(i, TwoViews.DimensionA) : rows[i].A, i % 5 == 4 ? Missing(i, TwoViews.DimensionB) : rows[i].B);
            rows[i].IsPaired = false;
        }
        return rows;

        float[]? Missing(int row, int dimension) => withNulls && row % 2 == 0 ? null : [.. Enumerable.Repeat(float.NaN, dimension)];
    }

    /// <summary>Forward passes of both towers so far.</summary>
    public static (long A, long B) Passes(GentleClipTransformer transformer) => (transformer.Columns[0].ForwardPasses, transformer.Columns[1].ForwardPasses);

    public static IEnumerable<DataViewSchema.Column> Columns(IDataView view, params string[] names) => names.Select(name => view.Schema[name]);

    /// <summary>Reads some columns of every row; returns the number of rows.</summary>
    public static int ReadAll(IDataView view, params string[] columns)
    {
        using var cursor = view.GetRowCursor(Columns(view, columns));
        var cells = columns.Select(column => Cells.Reader(cursor, view.Schema[column])).ToList();
        var rows = 0;
        for (; cursor.MoveNext(); rows++)
            cells.ForEach(cell => cell());
        return rows;
    }

    public static void AssertClose(float[] expected, float[] actual, string message)
    {
        Assert.HasCount(expected.Length, actual, message);
        for (var i = 0; i < expected.Length; i++)
        {
            if (float.IsNaN(expected[i]))
                Assert.IsTrue(float.IsNaN(actual[i]), $"{message}, slot {i}: expected NaN, found {actual[i]}");
            else
                Assert.AreEqual(expected[i], actual[i], Tolerance, $"{message}, slot {i}");
        }
    }

    internal sealed class Scored
    {
        public float[] EmbeddingA { get; set; } = [];

        public float[] EmbeddingB { get; set; } = [];
    }

    internal sealed class ScoredA
    {
        public float[] EmbeddingA { get; set; } = [];
    }
}
