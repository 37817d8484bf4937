using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Tests.Trainers;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Objectives;

/// <summary>Pairwise losses whose row blocks several processes share.</summary>
[TestClass]
public sealed class SharedLossTests
{
    private static readonly ObjectiveList Recommended = new GentleClipOptions().Objectives;

    [TestMethod]
    [DataRow(37, 30, 17, 4)]
    [DataRow(96, 96, 48, 8)]
    [DataRow(6, 5, 3, 8)] // fewer rows than slices
    public void ValuesAndGradientsAreThoseOfOneProcess(int a, int b, int pairs, int slices)
    {
        using var scope = NewDisposeScope();
        byte[][] alone = Compute(a, b, pairs, null), one = Compute(a, b, pairs, new PairShare(slices, new SingleProcess()));
        Assert.HasCount(alone.Length, one);
        for (int i = 0; i < alone.Length; i++)
        {
            using var expected = tensor(Numbers(alone[i]));
            using var found = tensor(Numbers(one[i]));
            double largest = expected.abs().max().item<float>();
            Assert.IsGreaterThan(0, largest);
            Assert.IsLessThan(3e-5 * Math.Max(largest, 1e-2), (expected - found).abs().max().item<float>(), $"{i}");
        }
        foreach (int size in new[] { 2, 4 })
            foreach (byte[][] found in ThreadGroup.Succeed(size, group => Compute(a, b, pairs, new PairShare(slices, group))))
                for (int i = 0; i < one.Length; i++)
                    CollectionAssert.AreEqual(one[i], found[i], $"{i} of {size} processes");
    }

    /// <summary>Every block of rows is one process's, and none has more than its share: what is saved does not depend on clocks.</summary>
    [TestMethod]
    [DataRow(1, 4)]
    [DataRow(2, 4)]
    [DataRow(4, 4)]
    [DataRow(2, 8)]
    public void ProcessesHaveEqualSharesOfTheRows(int size, int slices)
    {
        const int rows = 2048;
        var shares = ThreadGroup.Succeed(size, group => new PairShare(slices, group));
        using var matrix = zeros(rows, 1);
        int height = shares[0].BlockSize(256, matrix, matrix);
        var blocks = Enumerable.Range(0, (rows + height - 1) / height)
            .Select(i => new RowBlock((long)i * height, Math.Min(height, rows - i * height))).ToArray();
        long[] own = [.. shares.Select(share => blocks.Where(block => share.Own.Contains(share.SliceOf(block, rows))).Sum(block => block.Length))];
        Assert.AreEqual(rows, own.Sum(), "each block has one process");
        foreach (long count in own)
            Assert.AreEqual(rows / size, count);
    }

    private static byte[][] Compute(int a, int b, int pairs, PairShare? share)
    {
        using var scope = NewDisposeScope();
        using var loss = new TotalLoss(Recommended, share: share);
        var input = Input(a, b, pairs);
        var total = Step(loss, input);
        return
        [
            total.bytes.ToArray(),
            .. new[] { input.EmbeddingsA, input.EmbeddingsB, input.SecondViewsA!, input.SecondViewsB!, input.LogScale }
                .Select(leaf => leaf.grad!.bytes.ToArray()),
        ];
    }

    private static Tensor Step(TotalLoss loss, ObjectiveInput input)
    {
        using var losses = loss.Compute(input);
        losses.Total.backward();
        return losses.Total.detach().clone();
    }

    private static ObjectiveInput Input(int a, int b, int pairs)
    {
        using var generator = new Generator(7);
        Tensor Rows(int count) => nn.functional.normalize(randn([count, 64], generator: generator), dim: 1).requires_grad_();
        return new ObjectiveInput
        {
            EmbeddingsA = Rows(a),
            EmbeddingsB = Rows(b),
            SecondViewsA = Rows(a),
            SecondViewsB = Rows(b),
            NumberOfPairs = pairs,
            LogScale = tensor(2.3f).requires_grad_(),
        };
    }

    private static float[] Numbers(byte[] bytes) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray();
}
