namespace Microsoft.ML.GentleClip.Tests.Options;

[TestClass]
public sealed class CdConvOptionsTests
{
    private static readonly (string Expected, Func<CdConvOptions> Create)[] Refused =
    [
        ("Channels.Count must be from 1 to 8, found 0", () => new() { Channels = [] }),
        ("Channels.Count must be from 1 to 8, found 9", () => new() { Channels = [1, 2, 3, 4, 5, 6, 7, 8, 9] }),
        ("Channels must be from 1 to 65536, found 0", () => new() { Channels = [64, 0] }),
        ("Radii.Count must be from 1 to 8, found 0", () => new() { Radii = [] }),
        ("Radii must be above 0, found 0", () => new() { Radii = [8, 0] }),
        ("Radii must be above 0, found NaN", () => new() { Radii = [double.NaN] }),
        ("KernelChannels.Count must be from 1 to 4, found 0", () => new() { KernelChannels = [] }),
        ("KernelChannels must be from 1 to 1024, found 1025", () => new() { KernelChannels = [1025] }),
        ("SequentialKernelSize must be from 3 to 1023, found 1", () => new() { SequentialKernelSize = 1 }),
        ("SequentialKernelSize must be odd, found 4", () => new() { SequentialKernelSize = 4 }),
        ("BaseWidth must be from 1 to 1024, found 0", () => new() { BaseWidth = 0 }),
        ("ResidueDimension must be from 1 to 4096, found 0", () => new() { ResidueDimension = 0 }),
        ("Dropout must be from 0 to below 1, found 1", () => new() { Dropout = 1 }),
        ("CoordinateNoise must be from 0 to 10, found -0.1", () => new() { CoordinateNoise = -0.1 }),
        ("InputNoise must be from 0 to 10, found 11", () => new() { InputNoise = 11 }),
        ("MaximumLength must be from 3 to 2147483647, found 2", () => new() { MaximumLength = 2 }),
        ("Input must be one of ResidueTypes, LocalGeometry, Steps", () => new() { Input = (CdConvInput)3 }),
        ("Pooling must be one of WithinChains, AsPublished", () => new() { Pooling = (CdConvPooling)2 }),
    ];

    [TestMethod]
    public void RangesAreChecked()
    {
        foreach (var (expected, create) in Refused)
            Assert.Contains(expected, Assert.ThrowsExactly<ArgumentOutOfRangeException>(create).Message);
        Assert.ThrowsExactly<ArgumentNullException>(() => new CdConvOptions { Channels = null! });
        Assert.ThrowsExactly<ArgumentNullException>(() => new CdConvOptions { Radii = null! });
        Assert.ThrowsExactly<ArgumentNullException>(() => new CdConvOptions { KernelChannels = null! });
    }

    [TestMethod]
    public void StagesMustFitEachOther()
    {
        new CdConvOptions().Validate();
        CdConvOptions.Published.Validate();
        Assert.Contains("Channels has 3 stages and Radii 2", Assert.ThrowsExactly<ArgumentException>(new CdConvOptions { Radii = [8, 12] }.Validate).Message);
        Assert.Contains("leaves no channel", Assert.ThrowsExactly<ArgumentException>(new CdConvOptions { Channels = [1, 2, 3] }.Validate).Message);
    }

    [TestMethod]
    public void EqualityIsByValue()
    {
        CdConvOptions Create() => new() { Channels = [4, 8], Radii = [5, 6], KernelChannels = [3] };
        Assert.AreEqual(Create(), Create());
        Assert.AreEqual(Create().GetHashCode(), Create().GetHashCode());
        CdConvOptions[] others =
        [
            Create() with { Channels = [4, 9] }, Create() with { Radii = [5, 7] }, Create() with { KernelChannels = [4] },
                Create() with { SequentialKernelSize = 3 },
            Create() with { BaseWidth = 64 }, Create() with { ResidueDimension = 3 }, Create() with { Dropout = 0.2 }, Create() with { CoordinateNoise = 0 },
            Create() with { Input = CdConvInput.Steps }, Create() with { InputNoise = 0 }, Create() with { MaximumLength = 3 },
                Create() with { Pooling = CdConvPooling.AsPublished },
        ];
        foreach (var other in others)
            Assert.AreNotEqual(Create(), other);
        var channels = new List<int> { 4, 8 };
        var copied = Create() with { Channels = channels };
        channels[0] = 5;
        Assert.AreEqual(Create(), copied, "a list changed afterwards");
    }

    [TestMethod]
    public void DefaultsAreAsDocumented()
    {
        var options = new CdConvOptions();
        CollectionAssert.AreEqual(new[] { 64, 128, 256 }, options.Channels.ToArray());
        CollectionAssert.AreEqual(new[] { 8.0, 12, 16 }, options.Radii.ToArray());
        Assert.AreEqual(0.2, CdConvOptions.Published.Dropout);
        CollectionAssert.AreEqual(new[] { 256, 512, 1024, 2048 }, CdConvOptions.Published.Channels.ToArray());
        CollectionAssert.AreEqual(new[] { 8.0, 12, 16, 20 }, CdConvOptions.Published.Radii.ToArray());
        Assert.AreEqual((21, 32, 16, 0.0, 0.05),
            (options.SequentialKernelSize, options.BaseWidth, options.ResidueDimension, options.Dropout, options.CoordinateNoise));
        Assert.AreEqual(
            ((CdConvInput?)null, 1.0, 512, CdConvPooling.WithinChains), (options.Input, options.InputNoise, options.MaximumLength, options.Pooling));
    }
}
