namespace Microsoft.ML.GentleClip.Tests.Data;

/// <summary>What a picture file says of itself, and what is found wrong without decoding it.</summary>
[TestClass]
public sealed class PictureInfoTests
{
    public static IEnumerable<object[]> Formats => PictureFiles.Formats.Select(format => new object[] { format });

    public static IEnumerable<object[]> Turnable => PictureFiles.Turnable.Select(format => new object[] { format });

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DynamicData(nameof(Formats))]
    public void AWholeFileIsFine(string format)
    {
        var file = PictureFiles.Create(format);
        Check(file);
        // What follows the end is no part of the picture: a second one, a camera's notes.
        Check([.. file, .. file[..100]]);

        void Check(byte[] bytes)
        {
            var info = PictureInfo.Read(bytes);
            Assert.IsNull(info.Problem);
            Assert.AreEqual((PictureFiles.Width, PictureFiles.Height, 1), (info.Width, info.Height, info.Orientation));
            Assert.StartsWith(format, info.Format.ToString().ToLowerInvariant().Replace("jpeg", "jpg", StringComparison.Ordinal));
        }
    }

    [TestMethod]
    [DynamicData(nameof(Formats))]
    public void ACutAnywhereIsFound(string format)
    {
        var file = PictureFiles.Create(format);
        var words = new SortedSet<string>(StringComparer.Ordinal);
        for (var percent = 1; percent <= 99; percent++)
        {
            var length = file.Length * percent / 100;
            var problem = PictureInfo.Read(file.AsSpan(0, length)).Problem;
            Assert.IsNotNull(problem, $"{percent} %, {length} of {file.Length} bytes");
            words.Add(problem.Replace(length.ToString(System.Globalization.CultureInfo.InvariantCulture), "N", StringComparison.Ordinal));
        }
        TestContext.WriteLine(string.Join('\n', words));
        // The last byte too.
        Assert.IsNotNull(PictureInfo.Read(file.AsSpan(0, file.Length - 1)).Problem);
    }

    [TestMethod]
    public void AJpegWithoutItsEndMarkerCountsAsCut()
    {
        var file = PictureFiles.Create("jpg");
        Assert.Contains("without the end marker FF D9", PictureInfo.Read(file.AsSpan(0, file.Length - 2)).Problem!);
        Assert.IsNull(PictureInfo.Read([.. file[..^2], 0xFF, 0xD9]).Problem);
    }

    [TestMethod]
    public void APngWithAnyByteChangedIsDamaged()
    {
        var file = PictureFiles.Create("png");
        for (var at = 0; at < file.Length; at += 7)
        {
            var other = (byte[])file.Clone();
            other[at] ^= 0x10;
            Assert.IsNotNull(PictureInfo.Read(other).Problem, $"byte {at}");
        }
    }

    [TestMethod]
    [DataRow("jpg", 0.5, new byte[] { 0xFF, 0x0B }, "marker 0B is not expected there")]
    [DataRow("jpg", 0.5, new byte[] { 0xFF, 0xD5 }, "restart marker 5, expected 0")]
    [DataRow("jpg", 0.5, new byte[] { 0xFF, 0xD8 }, "marker D8 is not expected there")]
    [DataRow("webp", 0.0, new byte[] { 0x52, 0x49, 0x46, 0x46, 0xFF, 0xFF, 0, 0 }, "cut short")]
    public void DamageThatBreaksTheStructureIsFound(string format, double where, byte[] bytes, string expected)
    {
        var file = PictureFiles.Create(format);
        bytes.CopyTo(file, (int)(file.Length * where));
        Assert.Contains(expected, PictureInfo.Read(file).Problem!);
    }

    [TestMethod]
    [DynamicData(nameof(Turnable))]
    public void TheOrientationIsReadInBothByteOrders(string format)
    {
        var file = PictureFiles.Create(format);
        for (var orientation = 1; orientation <= 8; orientation++)
            foreach (var little in new[] { true, false })
            {
                var info = PictureInfo.Read(PictureFiles.Turned(file, format, orientation, little));
                Assert.IsNull(info.Problem);
                Assert.AreEqual((PictureFiles.Width, PictureFiles.Height, orientation), (info.Width, info.Height, info.Orientation));
            }
        Assert.AreEqual(1, PictureInfo.Read(PictureFiles.Turned(file, format, 9)).Orientation, "9 is none");
    }

    [TestMethod]
    public void ASizeThatIsOnlyClaimedIsReadFromTheHeader()
    {
        var info = PictureInfo.Read(PictureFiles.Claiming(100_000, 90_000));
        Assert.AreEqual((100_000, 90_000, null), (info.Width, info.Height, info.Problem));
    }

    [TestMethod]
    public void WhatIsNoPictureIsSaidToBeNone()
    {
        Assert.AreEqual("the file is empty", PictureInfo.Read([]).Problem);
        Assert.Contains("no format known here", PictureInfo.Read("<svg/>"u8).Problem!);
        Assert.AreEqual(PictureFormat.Unknown, PictureInfo.Read("II*\0 a TIFF"u8).Format);
    }

    [TestMethod]
    [DynamicData(nameof(Formats))]
    public void NoFileMakesItThrow(string format)
    {
        var (file, random) = (PictureFiles.Create(format), new Random(1));
        if (PictureFiles.Turnable.Contains(format))
            file = PictureFiles.Turned(file, format, 6);
        for (var round = 0; round < 5000; round++)
        {
            var other = file[..random.Next(file.Length + 1)];
            for (var i = random.Next(4); i > 0 && other.Length > 0; i--)
                other[random.Next(Math.Min(other.Length, round % 2 == 0 ? 200 : other.Length))] = (byte)(random.Next(3) switch
                {
                    0 => 0xFF,
                    1 => 0,
                    _ => random.Next(256)
                });
            _ = PictureInfo.Read(other);
        }
    }
}
