using System.Security.Cryptography;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Tests.Alignment;
using Microsoft.ML.GentleClip.Trainers;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Modalities;

/// <summary>Vectors that come sparse: kept so, and in all else the same as dense ones.</summary>
[TestClass]
public sealed class SparseVectorTests : AlignmentTest
{
    private const int Dimension = 60;

    [TestMethod]
    public void AStoreGivesTheRowsThatCame()
    {
        var rows = Sparse(40, seed: 1);
        using var sparse = Store(rows);
        using var dense = Store([.. rows.Select(Filled)]);
        Assert.IsLessThan(Dimension, sparse.Stored(0, out var slots).Length);
        Assert.AreEqual(slots.Length, sparse.Stored(0, out _).Length, "the numbers and their slots");
        int[] positions = [3, 0, 39, 3, 17];
        Assert.IsTrue(sparse.Gather(positions).Vectors.equal(dense.Gather(positions).Vectors).all().item<bool>());
        Assert.AreEqual(Hash(dense), Hash(sparse), "the fingerprint of a checkpoint");
        CollectionAssert.AreEqual(dense.Moments().Mean, sparse.Moments().Mean);
        CollectionAssert.AreEqual(dense.Moments().StandardDeviation, sparse.Moments().StandardDeviation);

        // A window of a transformer fills the same store again.
        sparse.Clear();
        Fill(sparse, [Filled(rows[5]), rows[6]]);
        Assert.IsTrue(sparse.Gather([0, 1]).Vectors.equal(dense.Gather([5, 6]).Vectors).all().item<bool>());
    }

    [TestMethod]
    public void ProductsAreThoseOfDenseRows()
    {
        // One row is dense; column 7 is in every row, far from zero beside its spread, as is the row number where rows come sorted.
        var rows = Sparse(90, seed: 2, always: 7);
        rows[4] = Filled(rows[4]);
        using var store = Store(rows);
        var stored = new StoredRows(store, [.. Enumerable.Range(10, 80)], CPU);
        var x = store.Gather([.. Enumerable.Range(10, 80)]).Vectors.to(float64);
        var plain = new TensorRows(x);
        var (mean, pace) = (x.mean([0]), new Pace(16));

        var sums = zeros(Dimension, dtype: float64);
        stored.AddTo(sums, pace);
        AssertClose(x.sum(dim: 0), sums, 1e-6);
        Assert.AreEqual(plain.SquaredDeviations(mean, pace), stored.SquaredDeviations(mean, pace), 1e-9 * plain.SquaredDeviations(mean, pace));
        var (wide, tall) = (Normal(Dimension, 5, 3), Normal(80, 5, 4));
        AssertClose(plain.Times(mean, wide, 0, pace), stored.Times(mean, wide, 0, pace), 1e-9);
        AssertClose(plain.Times(mean, wide, 33, pace), stored.Times(mean, wide, 33, pace), 1e-9);
        var (expected, found) = (zeros(Dimension, 5, dtype: float64), zeros(Dimension, 5, dtype: float64));
        plain.AddTransposedTimes(expected, mean, tall, pace);
        stored.AddTransposedTimes(found, mean, tall, pace);
        AssertClose(expected, found, 1e-9);
        AssertClose(plain.Times(mean, wide, 0, pace).index_select(0, tensor(new long[] { 2, 50 })), stored.Pick([2, 50]).Times(mean, wide, 0, pace), 1e-9);
    }

    [TestMethod]
    public void WhatIsWrongWithASparseRowIsSaid()
    {
        var one = Reader(new VBuffer<float>(Dimension, 2, [1, float.NaN], [3, 41]));
        Assert.AreEqual(Presence.Invalid, one.Read());
        StringAssert.Contains(one.Problem, "slot 41", StringComparison.Ordinal);
        var all = Reader(new VBuffer<float>(Dimension, 2, [float.NaN, float.NaN], [3, 41]));
        Assert.AreEqual(Presence.Invalid, all.Read(), "its other slots are zeros");
        StringAssert.Contains(all.Problem, "slot 3", StringComparison.Ordinal);
        var none = Reader(new VBuffer<float>(Dimension, 0, [], []));
        Assert.AreEqual(Presence.Present, none.Read(), "a row of zeros");
        Assert.IsTrue(none.Values.IndexOfAnyExcept(0f) < 0);
    }

    [TestMethod]
    [DataRow(false, DisplayName = "closed form")]
    [DataRow(true, DisplayName = "towers")]
    public void AFitTakesSparseColumnsAsDenseOnes(bool towers)
    {
        var rows = Sparse(120, seed: 5);
        var (sparse, dense) = (Embeddings(rows, towers), Embeddings([.. rows.Select(Filled)], towers));
        for (var i = 0; i < sparse.Length; i++)
            for (var k = 0; k < (towers ? sparse[i].Length : sparse.Length); k++)
            {
                // A closed form is the same up to signs and rotations, which cosines do not see.
                var (expected, found) = towers ? (dense[i][k], sparse[i][k]) : (Dot(dense[i], dense[k]), Dot(sparse[i], sparse[k]));
                Assert.AreEqual(expected, found, towers ? 0 : 1e-4f, $"row {i}, {(towers ? "slot" : "cosine to row")} {k}");
            }
    }

    private static float Dot(float[] x, float[] y) => System.Numerics.Tensors.TensorPrimitives.Dot<float>(x, y);

    private static float[][] Embeddings(VBuffer<float>[] rows, bool towers)
    {
        var options = GentleClipOptions.FromPreset(towers ? GentleClipPreset.Clip : GentleClipPreset.ClosedForm);
        (options.ModalityA, options.ModalityB) = (Modality.Vector("EA", "A"), Modality.Vector("EB", "B"));
        (options.NumberOfThreads, options.Seed, options.MaximumNumberOfSteps, options.Batches.Size, options.EmbeddingDimension) = (1, 1, 3, 64, 16);
        var schema = SchemaDefinition.Create(typeof(Row));
        schema["A"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, Dimension);
        var mlContext = new MLContext(seed: 1);
        var data = mlContext.Data.LoadFromEnumerable(rows.Select((row, i) => new Row
        {
            A = row,
            B = [i % 7, i % 5, row.GetItemOrDefault(0), row.DenseValues().Count(value => value != 0)],
        }).ToArray(), schema);
        using var model = mlContext.Transforms.GentleClip(options).Fit(data);
        return [.. model.Transform(data).GetColumn<float[]>("EA")];
    }

    private static VBuffer<float>[] Sparse(int count, int seed, int? always = null)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            int[] slots = [.. Enumerable.Range(0, Dimension).Where(slot => slot == always || random.Next(15) == 0)];
            float[] values = [.. slots.Select(slot => random.NextSingle() + (slot == always ? 1e6f : slot % 3))];
            return new VBuffer<float>(Dimension, slots.Length, values, slots);
        })];
    }

    private static VBuffer<float> Filled(VBuffer<float> row) => new(Dimension, [.. row.DenseValues()]);

    private static VectorStore Store(VBuffer<float>[] rows)
    {
        var store = new VectorStore(Dimension);
        Fill(store, rows);
        return store;
    }

    private static void Fill(VectorStore store, VBuffer<float>[] rows)
    {
        foreach (var row in rows)
        {
            var reader = Reader(row);
            Assert.AreEqual(Presence.Present, reader.Read());
            store.Add(reader);
        }
    }

    // The row is asked for its number only where a vector has the wrong length.
    private static VectorReader<float> Reader(VBuffer<float> row) => new(Dimension, (ref VBuffer<float> value) => row.CopyTo(ref value), null!, "A");

    private static string Hash(VectorStore store)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        store.AppendTo(hash);
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private sealed class Row
    {
        public VBuffer<float> A { get; set; }

        [VectorType(4)]
        public float[] B { get; set; } = [];
    }
}
