using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Trainers;
using Microsoft.ML.GentleClip.Trainers.Sharding;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Trainers;

/// <summary>Moments and products of rows that several processes have: those of the rows together, the same bits for any number of processes.</summary>
[TestClass]
public sealed class SharedRowsTests
{
    private sealed class Row
    {
        public VBuffer<float> A { get; set; }

        [VectorType(2)]
        public float[]? B { get; set; }
    }

    [TestMethod]
    [DataRow(90, 7, PrincipalDirections.LargestExact, false)] // by the covariance
    [DataRow(30, 45, PrincipalDirections.LargestExact, false)] // by the products of the rows
    [DataRow(260, 130, 1, false)] // by Lanczos steps
    [DataRow(130, 260, 1, true)] // by Lanczos steps, more dimensions than rows
    [DataRow(200, 60, PrincipalDirections.LargestExact, true)]
    public void DirectionsAreThoseOfTheRowsTogether(int count, int dimension, int largestExact, bool sparse)
    {
        byte[][] alone = Compute(new SingleRows(), count, dimension, largestExact, sparse);
        byte[][][] found = [.. new[] { 1, 2, 4 }.Select(size =>
            ThreadGroup.Succeed(size, group => Compute(new ByProcess(group), count, dimension, largestExact, sparse))[0])];
        for (int i = 0; i < alone.Length; i++)
        {
            for (int j = 1; j < found.Length; j++)
                CollectionAssert.AreEqual(found[0][i], found[j][i], $"number {i} of {1 << j} processes");
            using var expected = tensor(Numbers(alone[i]));
            using var difference = tensor(Numbers(found[0][i])) - expected;
            Assert.IsLessThan(1e-7 * Math.Max(1, expected.abs().max().item<double>()), difference.abs().max().item<double>(), $"number {i}");
        }
    }

    [TestMethod]
    public void TheOthersWaitThroughTicksAndHearWhyThereIsNothing()
    {
        var reasons = ThreadGroup.Succeed(3, group =>
        {
            using var data = Read(new BatchSharding(3, group), 20, 4, sparse: false);
            int asked = 0;
            var shared = new SharedRows(((ShardedStore)data.A.Store).Shards, CPU, () => asked++);
            if (group.Rank > 0)
            {
                string? reason = shared.Serve();
                Assert.AreEqual(3, asked);
                return reason;
            }
            shared.Tick();
            shared.Tick();
            shared.End("all rows are equal");
            return null;
        });
        CollectionAssert.AreEqual(new[] { null, "all rows are equal", "all rows are equal" }, reasons);
    }

    // Mean, variance, eigenvalues, what the vectors span, products, and rows that were picked.
    private static byte[][] Compute(Source source, int count, int dimension, int largestExact, bool sparse)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var data = Read(source.Sharding, count, dimension, sparse);
        return source.Run(data, parts =>
        {
            var pace = new Pace(32);
            var mean = CentredRows.Mean(parts, pace);
            var rows = new CentredRows(parts, mean, pace);
            var directions = PrincipalDirections.Of(rows, 2, largestExact)!;
            var projector = directions.Vectors.matmul(directions.Vectors.t());
            using var generator = new Generator(4);
            var matrix = randn([dimension, 3], ScalarType.Float64, generator: generator);
            var picked = parts[0].Pick([0, 3, 4, parts[0].Count - 1]);
            Tensor[] results =
            [
                mean, tensor(new[] { rows.Variance(), directions.Variance }), directions.Values, projector, rows.Times(matrix),
                rows.TransposedTimes(rows.Times(matrix)), picked.Block(1, 3).to(ScalarType.Float64), picked.Times(mean, matrix, 0, pace),
                parts[0].Times(mean, matrix, 5, pace),
            ];
            return [.. results.Select(result => result.contiguous().bytes.ToArray())];
        });
    }

    private static TrainingData Read(BatchSharding sharding, int count, int dimension, bool sparse)
    {
        var random = new Random(3);
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.A)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, dimension);
        var rows = Enumerable.Range(0, count).Select(i =>
        {
            // Two directions stand out.
            float[] latent = [4 * (random.NextSingle() - 0.5f), 2 * (random.NextSingle() - 0.5f)];
            float[] values = [.. Enumerable.Range(0, dimension).Select(slot => sparse && (slot * 7 + i) % 23 != 0
                ? 0 : latent[slot % 2] * (1 + slot % 3) + 0.1f * random.NextSingle())];
            int[] slots = [.. Enumerable.Range(0, dimension).Where(slot => values[slot] != 0)];
            return new Row
            {
                A = sparse
                    ? new VBuffer<float>(dimension, slots.Length, [.. slots.Select(slot => values[slot])], slots) : new VBuffer<float>(dimension, values),
                B = i % 3 == 0 ? null : [i, 1],
            };
        }).ToList();
        var options = new GentleClipOptions { ModalityA = Modality.Vector("EA", "A"), ModalityB = Modality.Vector("EB", "B") };
        return TrainingData.Read(new MLContext(1).Data.LoadFromEnumerable(rows, schema), options, () => { }, sharding: sharding);
    }

    private static double[] Numbers(byte[] bytes) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(bytes).ToArray();

    private abstract class Source
    {
        public abstract BatchSharding Sharding { get; }

        public abstract byte[][] Run(TrainingData data, Func<IReadOnlyList<RowSource>, byte[][]> compute);
    }

    private sealed class SingleRows : Source
    {
        public override BatchSharding Sharding => BatchSharding.None;

        public override byte[][] Run(TrainingData data, Func<IReadOnlyList<RowSource>, byte[][]> compute) =>
            compute([new StoredRows(data.A.Store, [.. data.A.Pairs], CPU), new StoredRows(data.A.Store, [.. data.A.Unpaired], CPU)]);
    }

    private sealed class ByProcess(ProcessGroup group) : Source
    {
        public override BatchSharding Sharding { get; } = new(4, group);

        public override byte[][] Run(TrainingData data, Func<IReadOnlyList<RowSource>, byte[][]> compute)
        {
            var store = (ShardedStore)data.A.Store;
            var shared = new SharedRows(store.Shards, CPU, () => { });
            RowSource[] parts = [shared.Add(store, data.A.Pairs), shared.Add(store, data.A.Unpaired)];
            if (group.Rank > 0)
            {
                Assert.IsNull(shared.Serve());
                return [];
            }
            byte[][] result = compute(parts);
            shared.End(null);
            return result;
        }
    }
}
