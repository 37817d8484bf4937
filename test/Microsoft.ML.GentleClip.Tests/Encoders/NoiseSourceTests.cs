using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Encoders;

/// <summary>Dropout and masks: what is kept and its scale, in each type, for nothing and for more than one part.</summary>
[TestClass]
public sealed class NoiseSourceTests
{
    private const double Share = 0.2;

    public NoiseSourceTests() => TorchNativeLibrary.EnsureLoaded();

    [TestMethod]
    [DataRow(ScalarType.Float32, 1e-7)]
    [DataRow(ScalarType.Float64, 1e-15)]
    [DataRow(ScalarType.BFloat16, 4e-3)]
    public void WhatDropoutKeepsIsScaledAndWhatAMaskKeepsIsNot(ScalarType type, double tolerance)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        var noise = new NoiseSource(generator);
        var input = full([100, 1000], 3.0, dtype: type);
        var values = noise.Dropout(input, Share);
        Assert.AreEqual(type, values.dtype);
        AssertShare(values, 3 / (1 - Share), tolerance);
        AssertShare(noise.Mask(input, Share), 3, 0);
        Assert.AreSame(input, noise.Dropout(input, 0));
        Assert.AreSame(input, noise.Mask(input, 0));
    }

    [TestMethod]
    public void EachCallDrawsAnewAndOneSeedGivesTheSame()
    {
        using var scope = NewDisposeScope();
        using Generator first = new(5), second = new(5);
        NoiseSource one = new(first), other = new(second);
        var input = ones(64, 64);
        var (a, b) = (one.Dropout(input, Share), one.Dropout(input, Share));
        Assert.IsTrue(a.eq(other.Dropout(input, Share)).all().item<bool>());
        Assert.IsTrue(b.eq(other.Dropout(input, Share)).all().item<bool>());
        Assert.AreEqual(1 - 2 * Share * (1 - Share), a.eq(b).to(ScalarType.Float32).mean().item<float>(), 0.04, "two masks agree where both keep or both drop");
    }

    /// <summary>A mask of more than two gigabytes is drawn in parts; here they are of 48 numbers. No part is another again.</summary>
    [TestMethod]
    public void PartsOfAMaskAreDrawnOneAfterTheOther()
    {
        using var scope = NewDisposeScope();
        using Generator first = new(5), second = new(5);
        var whole = new NoiseSource(first).Mask(ones(100, 96), 0.5);
        var parts = new NoiseSource(second, largestPart: 48).Mask(ones(100, 96), 0.5);
        Assert.IsTrue(whole.view(-1).narrow(0, 0, 48).eq(parts.view(-1).narrow(0, 0, 48)).all().item<bool>());
        Assert.AreEqual(200, parts.view(200, 48).data<float>().ToArray().Chunk(48).Select(part => string.Concat(part)).Distinct().Count());
        AssertShare(parts, 1, 0, 0.5);
    }

    [TestMethod]
    public void NothingIsLeftAsItIs()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5);
        Assert.AreEqual(0, new NoiseSource(generator).Dropout(zeros(0, 7), Share).numel());
    }

    [TestMethod]
    public void MasksLeaveNoTensorBehind()
    {
        using var generator = new Generator(5);
        var noise = new NoiseSource(generator);
        using var input = ones(64, 64);
        Step();
        var before = LiveTensors.Settled();
        for (var i = 0; i < 20; i++)
            Step();
        LiveTensors.AssertAtMost(before);

        void Step()
        {
            using var scope = NewDisposeScope();
            noise.Mask(noise.Dropout(input, Share), Share);
        }
    }

    private static void AssertShare(Tensor values, double kept, double tolerance, double share = Share)
    {
        float[] found = values.to(ScalarType.Float32).data<float>().ToArray();
        Assert.IsTrue(found.All(value => value == 0 || Math.Abs(value - kept) <= tolerance * kept), $"{found.Max()}, expected 0 or {kept}");
        Assert.AreEqual(share, found.Count(value => value == 0) / (double)found.Length, 5 * Math.Sqrt(share * (1 - share) / found.Length));
    }
}
