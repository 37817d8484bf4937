using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

/// <summary>CDConv's numbers of a residue: what moves and mirrors do to them, what stands at ends and gaps.</summary>
[TestClass]
public sealed class LocalGeometryTests
{
    private const int Sine = 5, Known = 6;

    [TestMethod]
    public void AMotionLeavesTheNumbersAndAMirrorTurnsTheSinesRound()
    {
        var chain = new Chain(Proteins.Chains(1)[0].AlphaCarbons!);
        var numbers = Of(chain);
        Assert.IsGreaterThan(100, numbers.Length);
        Assert.IsTrue(numbers.All(row => row.All(double.IsFinite)));
        var moved = Of(CdConvChains.Moved(chain, 0.3, -1.2, 2.5, 10, -20, 5));
        var mirror = chain.Coordinates.ToArray();
        for (var i = 2; i < mirror.Length; i += 3)
            mirror[i] = -mirror[i];
        var mirrored = Of(new Chain(mirror));
        for (var i = 0; i < numbers.Length; i++)
            for (var number = 0; number < LocalGeometry.Count; number++)
            {
                Assert.AreEqual(numbers[i][number], moved[i][number], 2e-4, $"residue {i}, number {number}, moved"); // coordinates are float32
                Assert.AreEqual((number == Sine ? -1 : 1) * numbers[i][number], mirrored[i][number], 1e-9, $"residue {i}, number {number}, mirrored");
            }
        for (var number = 0; number < 4; number++)
        {
            var values = numbers.Where(row => row[Known + number] == 1).Select(row => row[number]).ToArray();
            var mean = values.Average();
            var variance = values.Average(value => (value - mean) * (value - mean));
            Assert.IsTrue(Math.Abs(mean) < 1 && variance is > 0.25 and < 2, $"number {number} is not of order 1");
        }
    }

    /// <summary>The ideal right-handed helix: 100 degrees and 1.5 angstrom a residue, radius 2.3.</summary>
    [TestMethod]
    public void AHelixHasTheTorsionOfTheBooks()
    {
        var helix = Enumerable.Range(0, 12).SelectMany(i => new[] { 2.3 * Math.Cos(i * Math.PI / 1.8), 2.3 * Math.Sin(i * Math.PI / 1.8), 1.5 * i })
            .Select(value => (float)value).ToArray();
        var row = Of(new Chain(helix))[5];
        Assert.AreEqual(50, Math.Atan2(row[Sine], row[Sine - 1]) * 180 / Math.PI, 1.5, "degrees");
        Assert.AreEqual(5.4, 6.0 + 0.6 * row[0], 0.15, "i-1 to i+1, angstrom");
        Assert.AreEqual(5.0, 7.5 + 2.0 * row[1], 0.15, "i-1 to i+2");
        Assert.AreEqual(6.2, 9.2 + 2.8 * row[2], 0.15, "i-2 to i+2");
    }

    [TestMethod]
    public void WhatNeedsMoreThanThereIsIsZeroAndSaysSo()
    {
        var chain = Proteins.Chains(1)[0].AlphaCarbons![..(3 * 20)];
        AssertKnown(Of(new Chain(chain)), 0, 20);
        AssertKnown(Of(new Chain(chain.AsMemory(0, 3))), 0, 1);
        AssertKnown(Of(new Chain(chain.AsMemory(0, 6))), 0, 2);

        // Residues are missing between the eighth and the ninth: the chain goes on 30 angstrom away.
        var gap = chain.ToArray();
        for (var i = 24; i < gap.Length; i += 3)
            gap[i] += 30;
        var numbers = Of(new Chain(gap));
        AssertKnown(numbers, 0, 8);
        AssertKnown(numbers, 8, 20);

        // In a batch the next chain is no continuation.
        var nodes = CdConvNodes.Of([new Chain(chain.AsMemory(0, 24)), new Chain(chain.AsMemory(24))]);
        numbers = [.. LocalGeometry.Of(nodes).Chunk(LocalGeometry.Count)];
        AssertKnown(numbers, 0, 8);
        AssertKnown(numbers, 8, 20);

        static void AssertKnown(double[][] numbers, int start, int end)
        {
            var spans = new[] { (-1, 1), (-1, 2), (-2, 2), (-3, 3), (-1, 2) };
            for (var i = start; i < end; i++)
                for (var span = 0; span < spans.Length; span++)
                {
                    var known = i + spans[span].Item1 >= start && i + spans[span].Item2 < end;
                    Assert.AreEqual(known ? 1 : 0, numbers[i][Known + span], $"residue {i}, number {span}");
                    if (!known)
                        Assert.AreEqual(0, numbers[i][span], $"residue {i}, number {span}");
                }
        }
    }

    [TestMethod]
    public void DegenerateChainsGiveNumbers()
    {
        var line = Enumerable.Range(0, 9).SelectMany(i => new[] { 3.8f * i, 0, 0 }).ToArray();
        foreach (var coordinates in new[] { line, new float[27], [.. line.Select(value => value * 1e6f)], [.. line.Select(value => value * 1e-6f)] })
        {
            var numbers = Of(new Chain(coordinates));
            Assert.IsTrue(numbers.All(row => row.All(value => Math.Abs(value) <= 10)));
            Assert.IsTrue(numbers.All(row => row[Known + 4] == 0), "no torsion");
        }
    }

    private static double[][] Of(Chain chain) => [.. LocalGeometry.Of(CdConvNodes.Of([chain])).Chunk(LocalGeometry.Count)];
}
