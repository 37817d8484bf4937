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

    /// <summary>Lane by lane with scalar arithmetic, for lengths that are no multiples of the lanes.</summary>
    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(15)]
    [DataRow(16)]
    [DataRow(100)]
    public void TheNumbersAreThoseOfTheGenerator(int count)
    {
        var seed = 0xDEADBEEFUL;
        var words = new uint[4][];
        for (var word = 0; word < 4; word++)
        {
            words[word] = new uint[16];
            for (var pair = 0; pair < 8; pair++)
            {
                var drawn = ManagedGenerator.SplitMix(ref seed);
                (words[word][2 * pair], words[word][2 * pair + 1]) = ((uint)drawn, (uint)(drawn >> 32));
            }
        }
        var expected = new float[count];
        for (var i = 0; i < count; i++)
            expected[i] = Next(words, i % 16) >= 1u << 30 ? 1.25f : 0;
        CollectionAssert.AreEqual(expected, Mask(count, 0.25, 1.25f, 0xDEADBEEFUL));

        static uint Next(uint[][] words, int lane)
        {
            var (a, b, c, d) = (words[0][lane], words[1][lane], words[2][lane], words[3][lane]);
            var result = BitOperations.RotateLeft(a + d, 7) + a;
            var shifted = b << 9;
            c ^= a;
            d ^= b;
            b ^= c;
            a ^= d;
            c ^= shifted;
            d = BitOperations.RotateLeft(d, 11);
            (words[0][lane], words[1][lane], words[2][lane], words[3][lane]) = (a, b, c, d);
            return result;
        }
    }

    private static float[] Mask(int count, double share, float kept, ulong seed)
    {
        var mask = new float[count];
        DropMask.Fill(mask, share, kept, seed);
        return mask;
    }
}
