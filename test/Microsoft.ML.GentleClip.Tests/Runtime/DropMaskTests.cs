using System.Numerics;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Tests.Runtime;

/// <summary>Masks of noise: shares, independence, the same on every processor.</summary>
[TestClass]
public sealed class DropMaskTests
{
    private const int Count = 1 << 20;

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(0.1)]
    [DataRow(0.5)]
    [DataRow(0.999)]
    [DataRow(1.0)]
    public void AsManyAreZeroAsWereAskedFor(double share)
    {
        var mask = Mask(Count, share, 3f, seed: 7);
        Assert.IsTrue(mask.All(value => value is 0 or 3));
        // Five standard deviations.
        Assert.AreEqual(share, mask.Count(value => value == 0) / (double)Count, 5 * Math.Sqrt(share * (1 - share) / Count));
    }

    /// <summary>Of each lane, of each distance, and of neighbouring seeds: as often together as independent draws are.</summary>
    [TestMethod]
    public void PlacesAndSeedsAreIndependent()
    {
        const double Share = 0.3;
        var mask = Mask(Count, Share, 1f, seed: 11);
        double bound = 5.5 * Math.Sqrt(1.0 / Count);
        foreach (var distance in new[] { 1, 2, 15, 16, 17, 32, 256, 512, 1024, 4096 })
            Assert.AreEqual(0, Correlation(mask[..^distance], mask[distance..]), bound, $"distance {distance}");
        for (var lane = 0; lane < 16; lane++)
        {
            var own = mask.Where((_, i) => i % 16 == lane).Average(value => 1.0 - value);
            Assert.AreEqual(Share, own, 5.5 * Math.Sqrt(Share * 0.7 * 16 / Count), $"lane {lane}");
        }
        foreach (var other in new[] { 10UL, 12UL, 11UL + (1UL << 32), 11UL ^ (1UL << 63) })
            Assert.AreEqual(0, Correlation(mask, Mask(Count, Share, 1f, other)), bound, $"seed {other}");

        static double Correlation(float[] first, float[] second) =>
            first.Zip(second, (a, b) => (a - 0.7) * (b - 0.7)).Average() / 0.21;
    }

    /// <summary>Lane by lane with the published generator, for lengths that are no multiples of the lanes; then the mask's next part.</summary>
    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(15)]
    [DataRow(16)]
    [DataRow(100)]
    public void TheNumbersAreThoseOfTheGenerator(int count)
    {
        ulong seed = 0xDEADBEEF, expectedSeed = seed;
        for (var part = 0; part < 2; part++)
        {
            var mask = new float[count];
            DropMask.Fill(mask, 0.25, 1.25f, ref seed);
            var lanes = Lanes(ref expectedSeed);
            var expected = new float[count];
            for (var i = 0; i < count; i++)
                expected[i] = Next(lanes[i % 16]) >= 1u << 30 ? 1.25f : 0;
            CollectionAssert.AreEqual(expected, mask, $"part {part}");
            Assert.AreEqual(expectedSeed, seed);
        }
    }

    /// <summary>The first outputs of xoshiro128++ from the state 1, 2, 3, 4, as its authors' C code gives them.</summary>
    [TestMethod]
    public void TheReferenceIsThePublishedGenerator()
    {
        uint[] state = [1, 2, 3, 4];
        uint[] expected = [641, 1573767, 3222811527, 3517856514, 836907274, 4247214768, 3867114732, 1355841295, 495546011, 621204420];
        CollectionAssert.AreEqual(expected, Array.ConvertAll(expected, _ => Next(state)));
    }

    // The states of the sixteen: words of SplitMix64, the lower half of each first, one word of all lanes after the other.
    private static uint[][] Lanes(ref ulong seed)
    {
        uint[][] lanes = [.. Enumerable.Range(0, 16).Select(_ => new uint[4])];
        for (var word = 0; word < 4; word++)
        {
            for (var lane = 0; lane < 16; lane += 2)
            {
                var drawn = ManagedGenerator.SplitMix(ref seed);
                (lanes[lane][word], lanes[lane + 1][word]) = ((uint)drawn, (uint)(drawn >> 32));
            }
        }
        return lanes;
    }

    private static uint Next(uint[] state)
    {
        var result = BitOperations.RotateLeft(state[0] + state[3], 7) + state[0];
        var shifted = state[1] << 9;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = BitOperations.RotateLeft(state[3], 11);
        return result;
    }

    private static float[] Mask(int count, double share, float kept, ulong seed)
    {
        var mask = new float[count];
        DropMask.Fill(mask, share, kept, ref seed);
        return mask;
    }
}
