using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Alignment;

/// <summary>What the alignment's tests share: one thread, a scope per test, seeded rows, both embeddings' cosines, retrieval.</summary>
public abstract class AlignmentTest
{
    internal static readonly AlignmentSettings Plain = new() { Method = ClosedFormMethod.LinearAndKernel };

    internal static readonly AlignmentSettings SelfTrained = new() { Method = ClosedFormMethod.SelfTraining };

    private DisposeScope? _scope;

    [TestInitialize]
    public void OpenScope()
    {
        set_num_threads(1);
        _scope = NewDisposeScope();
    }

    [TestCleanup]
    public void CloseScope() => _scope?.Dispose();

    /// <summary>Standard normal values.</summary>
    protected internal static Tensor Normal(long rows, long columns, int seed)
    {
        var random = new Random(seed);
        var values = new double[rows * columns];
        for (var i = 0; i < values.Length; i++)
            values[i] = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return tensor(values, [rows, columns]);
    }

    /// <summary>Two curved, noisy views of the same latent rows: pairs that are related, neither perfectly nor linearly.</summary>
    protected static (Tensor A, Tensor B) Views(int rows, int dimensionA, int dimensionB, int seed)
    {
        var latent = Normal(rows, 3, seed);
        Tensor View(int dimension, int map) => latent.matmul(Normal(3, dimension, map)).tanh() * (arange(dimension, dtype: float64) + 2)
            + 0.3 * Normal(rows, dimension, seed + map);
        return (View(dimensionA, 901), View(dimensionB, 902));
    }

    /// <summary>Pairs and as many unpaired rows as asked for, all of one world.</summary>
    internal static ViewRows Data(int pairs, int unpairedA, int unpairedB, int dimensionA = 6, int dimensionB = 5, int seed = 1)
    {
        var (a, b) = Views(pairs, dimensionA, dimensionB, seed);
        return new ViewRows(a, b, Views(unpairedA, dimensionA, dimensionB, seed + 100).A, Views(unpairedB, dimensionA, dimensionB, seed + 200).B);
    }

    internal static (ClosedFormAlignment Alignment, AlignmentReport Report) Fit(AlignmentData data, AlignmentSettings settings, long seed = 1)
    {
        using var random = new RandomSource(seed);
        return new AlignmentFitter(settings, random).Fit(data);
    }

    /// <summary>Cosines between embedded rows of A and of B: unlike the embeddings, no matter of signs and rotations.</summary>
    internal static Tensor Cosines(ClosedFormAlignment alignment, Tensor a, Tensor b)
    {
        using var scope = NewDisposeScope();
        return alignment.Embed(a, Side.A).matmul(alignment.Embed(b, Side.B).t()).MoveToOuterDisposeScope();
    }

    protected static double[][] ToRows(Tensor x) => [.. x.to(float64).contiguous().data<double>().ToArray().Chunk((int)x.size(1))];

    protected static void AssertClose(Tensor expected, Tensor actual, double tolerance, string message = "")
    {
        CollectionAssert.AreEqual(expected.shape, actual.shape, message);
        var difference = (expected - actual).abs().max().item<double>();
        Assert.IsLessThanOrEqualTo(tolerance, difference, message); // false for NaN too
    }

    protected static void AssertUnit(Tensor rows)
    {
        using var scope = NewDisposeScope();
        Assert.IsTrue(rows.isfinite().all().item<bool>(), "a value is not finite");
        var error = (rows.to(float64).square().sum(dim: 1) - 1).abs().max().item<double>();
        Assert.IsLessThan(1e-6, error, "rows are not of length 1");
    }

    /// <summary>Share in percent of rows whose true partner is the best match, mean of both directions.</summary>
    protected static double RecallAt1(Tensor scores)
    {
        var partner = scores.diag();
        var (rows, columns) = (scores.max(1).values, scores.max(0).values);
        return 50 * ((partner >= rows).to(float64).mean() + (partner >= columns).to(float64).mean()).item<double>();
    }

    /// <summary>What an alignment is fitted on, as tensors.</summary>
    internal sealed record ViewRows(Tensor PairsA, Tensor PairsB, Tensor UnpairedA, Tensor UnpairedB)
    {
        public static implicit operator AlignmentData(ViewRows rows) => new(rows.PairsA, rows.PairsB, rows.UnpairedA, rows.UnpairedB);

        public IReadOnlyList<RowSource> AllRows(Side side) => ((AlignmentData)this).AllRows(side);
    }
}
