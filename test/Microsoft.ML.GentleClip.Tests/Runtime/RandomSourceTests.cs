using Microsoft.ML.GentleClip.Runtime;
using TorchSharp;

namespace Microsoft.ML.GentleClip.Tests.Runtime;

/// <summary>Expected numbers were computed apart, from the published definitions of xoshiro256**, SplitMix64, FNV-1a and MT19937.</summary>
[TestClass]
public sealed class RandomSourceTests
{
    [TestMethod]
    public void GeneratorFollowsItsDefinition()
    {
        var state = new byte[ManagedGenerator.StateSize];
        (state[0], state[8], state[16], state[24]) = (1, 2, 3, 4);
        var generator = new ManagedGenerator(1);
        CollectionAssert.AreEqual(new[] { 12966619160104079557UL, 9600361134598540522UL, 10590380919521690900UL }, Draw(generator, 3));
        generator.SetState(state);
        CollectionAssert.AreEqual(new[] { 11520UL, 0UL, 1509978240UL, 1215971899390074240UL }, Draw(generator, 4));
    }

    [TestMethod]
    public void StreamsAreFixedBySeedAndName()
    {
        using var source = new RandomSource(42);
        var sampler = source.Managed("sampler");
        CollectionAssert.AreEqual(new[] { 8, 1, 9, 4, 5, 5, 2, 2, 8, 7, 1, 9 }, Enumerable.Range(0, 12).Select(_ => sampler.NextInt(10)).ToArray());
        Assert.AreEqual(0.5087167852104642, sampler.NextDouble());
        var items = Enumerable.Range(0, 8).ToArray();
        sampler.Shuffle<int>(items);
        CollectionAssert.AreEqual(new[] { 4, 3, 6, 0, 5, 2, 7, 1 }, items);

        CollectionAssert.AreEqual(new[] { 0.6571396589279175f, 0.006992518901824951f, 0.25855475664138794f, 0.5999895930290222f },
            Rand(source.Torch("dropout"), 4));
        using var other = new RandomSource(-7);
        CollectionAssert.AreEqual(new[] { 0.9823486804962158f, 0.39487892389297485f }, Rand(other.Torch("dropout"), 2));
    }

    [TestMethod]
    public void DrawingFromOneStreamLeavesTheOthersAsTheyAre()
    {
        using var source = new RandomSource(3);
        using var alone = new RandomSource(3);
        Draw(source.Managed("a"), 100);
        Rand(source.Torch("a"), 100);
        CollectionAssert.AreEqual(Draw(alone.Managed("b"), 5), Draw(source.Managed("b"), 5));
        CollectionAssert.AreEqual(Rand(alone.Torch("b"), 5), Rand(source.Torch("b"), 5));
        CollectionAssert.AreNotEqual(Draw(alone.Managed("a"), 5), Draw(alone.Managed("b"), 5));
        Assert.AreSame(source.Managed("a"), source.Managed("a"));
        Assert.AreSame(source.Torch("a"), source.Torch("a"));
    }

    [TestMethod]
    public void GlobalGeneratorOfTorchIsNotTouched()
    {
        using var scope = torch.NewDisposeScope();
        var before = torch.random.get_rng_state();
        using (var source = new RandomSource(3))
        {
            Rand(source.Torch("a"), 100);
            source.SetState(source.GetState());
        }
        Assert.IsTrue(torch.random.get_rng_state().allclose(before, 0, 0));
    }

    [TestMethod]
    public void ContinuesFromASavedState()
    {
        using var source = new RandomSource(5);
        Draw(source.Managed("a"), 3);
        Rand(source.Torch("a"), 3);
        using (torch.randn(3, generator: source.Torch("a"))) // leaves half a pair of normal numbers behind
        {
        }
        var state = source.GetState();
        var (managed, uniform, normal) = (Draw(source.Managed("a"), 5), Rand(source.Torch("a"), 5), Randn(source.Torch("a"), 5));

        using var again = new RandomSource(99);
        var handedOut = again.Torch("a");
        again.SetState(state);
        CollectionAssert.AreEqual(managed, Draw(again.Managed("a"), 5));
        CollectionAssert.AreEqual(uniform, Rand(handedOut, 5));
        CollectionAssert.AreEqual(normal, Randn(handedOut, 5));
    }

    [TestMethod]
    public void ForeignStatesAreRefused()
    {
        using var source = new RandomSource(5);
        source.Torch("a");
        var good = source.GetState()["torch/a"];
        foreach (var (key, state) in ((string, byte[])[])[
            ("other/a", new byte[32]), ("managed/a", new byte[31]), ("managed/a", new byte[32]), ("torch/a", new byte[8]), ("torch/a", good[1..]),
            ("torch/a@gpu", good), ("torch/a@cpu:x", good), ("torch/a@cpu:99999999999", good)])
        {
            var e = Assert.ThrowsExactly<InvalidDataException>(() => source.SetState(new Dictionary<string, byte[]> { [key] = state }), key);
            Assert.Contains(key.StartsWith("managed", StringComparison.Ordinal) ? "32 bytes" : key, e.Message);
        }
        Assert.ThrowsExactly<ArgumentException>(() => source.Torch("a@b"));
    }

    [TestMethod]
    public void BoundedNumbersAreUnbiased()
    {
        var generator = new ManagedGenerator(7);
        var counts = new int[6];
        for (var i = 0; i < 60_000; i++)
            counts[generator.NextInt(6)]++;
        // chi-squared with 5 degrees of freedom: beyond 20.5 once in a thousand seeds
        Assert.IsLessThan(20.5, counts.Sum(count => (count - 10_000.0) * (count - 10_000.0) / 10_000));
        Assert.AreEqual(0, generator.NextInt(1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => generator.NextInt(0));

        var orders = new Dictionary<string, int>();
        for (var i = 0; i < 24_000; i++)
        {
            var items = "abcd".ToCharArray();
            generator.Shuffle<char>(items);
            orders[new string(items)] = orders.GetValueOrDefault(new string(items)) + 1;
        }
        Assert.HasCount(24, orders);
        Assert.IsLessThan(49.7, orders.Values.Sum(count => (count - 1000.0) * (count - 1000.0) / 1000)); // 23 degrees of freedom
        Assert.IsTrue(Enumerable.Range(0, 10_000).Select(_ => generator.NextDouble()).All(value => value is >= 0 and < 1));
    }

    private static ulong[] Draw(ManagedGenerator generator, int count) => [.. Enumerable.Range(0, count).Select(_ => generator.NextUInt64())];

    private static float[] Rand(torch.Generator generator, int count)
    {
        using var numbers = torch.rand(count, generator: generator);
        return numbers.data<float>().ToArray();
    }

    private static float[] Randn(torch.Generator generator, int count)
    {
        using var numbers = torch.randn(count, generator: generator);
        return numbers.data<float>().ToArray();
    }
}
