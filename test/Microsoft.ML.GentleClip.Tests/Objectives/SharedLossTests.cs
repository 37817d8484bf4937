using System.Globalization;
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

    public TestContext TestContext { get; set; } = null!;

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

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)] // where the processor time of a thread can be read
    public void TwoProcessesHalveTheWork()
    {
        const int rows = 1024;
        double[] one = [.. Enumerable.Range(0, 3).Select(_ => Time(1))], two = [.. Enumerable.Range(0, 3).Select(_ => Time(2))];
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{rows} rows, processor time of a process: {one.Min():F0} ms of one, {two.Min():F0} ms of two, {two.Min() / one.Min():F2} of it"));
        Assert.IsLessThan(0.6 * one.Min(), two.Min());

        // The busier of the processes.
        static double Time(int size) => ThreadGroup.Succeed(size, group =>
        {
            using var scope = NewDisposeScope();
            using var loss = new TotalLoss(Recommended, share: new PairShare(2, group));
            Step(loss, Input(rows, rows, rows / 2));
            double start = Processor();
            for (int i = 0; i < 3; i++)
                Step(loss, Input(rows, rows, rows / 2));
            return (Processor() - start) / 3;
        }).Max();

        static double Processor() =>
            double.Parse(File.ReadAllText("/proc/thread-self/schedstat").Split(' ')[0], CultureInfo.InvariantCulture) / 1e6;
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
