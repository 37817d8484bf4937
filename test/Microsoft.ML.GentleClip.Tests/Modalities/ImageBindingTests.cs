using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.Transforms.Image;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.Modalities;

[TestClass]
public sealed class ImageBindingTests
{
    private readonly MLContext _mlContext = new();

    private sealed class Row
    {
        [ImageType(2, 2)]
        public MLImage? Image { get; set; }

        [VectorType(3, 1, 2)]
        public float[]? Pixels { get; set; }

        [VectorType(4)]
        public byte[]? Grey { get; set; }

        [VectorType(12)]
        public double[]? Square { get; set; }

        [VectorType(7)]
        public float[]? Odd { get; set; }
    }

    private static readonly ImageOptions Two = new() { Size = 8, StoredSize = 8, Fit = ImageFit.Stretch };

    [TestMethod]
    [DataRow(MLPixelFormat.Bgra32, 255)]
    [DataRow(MLPixelFormat.Rgba32, 255)]
    [DataRow(MLPixelFormat.Bgra32, 0)]
    public void ImagesOfBothFormatsBecomePlanesOverTheBackground(MLPixelFormat format, int background)
    {
        // Red, green; blue at half its opacity (multiplied already), nothing.
        byte[] pixels = [255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 128, 128, 0, 0, 0, 0];
        if (format == MLPixelFormat.Bgra32)
            for (var i = 0; i < pixels.Length; i += 4)
                (pixels[i], pixels[i + 2]) = (pixels[i + 2], pixels[i]);
        using var image = MLImage.CreateFromPixels(2, 2, format, pixels);
        var (presence, reader) = Read(new Row { Image = image }, "Image", Two with { Background = background });
        Assert.AreEqual(Presence.Present, presence);
        var rest = background * 127 / 255;
        CollectionAssert.AreEqual(new[] { 255, 0, rest, background }, Corners(reader, 0));
        CollectionAssert.AreEqual(new[] { 0, 255, rest, background }, Corners(reader, 1));
        CollectionAssert.AreEqual(new[] { 0, 0, 128 + rest, background }, Corners(reader, 2));
    }

    [TestMethod]
    public void PixelsAreReadAsExtractPixelsWritesThem()
    {
        var (presence, reader) = Read(new Row { Pixels = [10, 20, 30, 40, 50, 60] }, "Pixels", Two);
        Assert.AreEqual(Presence.Present, presence);
        CollectionAssert.AreEqual(new[] { 10, 20, 10, 20 }, Corners(reader, 0));
        CollectionAssert.AreEqual(new[] { 30, 40, 30, 40 }, Corners(reader, 1));
        CollectionAssert.AreEqual(new[] { 50, 60, 50, 60 }, Corners(reader, 2));
        (_, reader) = Read(new Row { Grey = [1, 2, 3, 4] }, "Grey", Two);
        for (var channel = 0; channel < 3; channel++)
            CollectionAssert.AreEqual(new[] { 1, 2, 3, 4 }, Corners(reader, channel));
        (_, reader) = Read(new Row { Square = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] }, "Square", Two);
        CollectionAssert.AreEqual(new[] { 9, 10, 11, 12 }, Corners(reader, 2));
    }

    [TestMethod]
    public void MissingAndUnusablePicturesAreTold()
    {
        Assert.AreEqual(Presence.Absent, Read(new Row(), "Image", Two).Presence);
        Assert.AreEqual(Presence.Absent, Read(new Row(), "Pixels", Two).Presence);
        Assert.AreEqual(Presence.Absent, Read(new Row { Pixels = [.. Enumerable.Repeat(float.NaN, 6)] }, "Pixels", Two).Presence);
        AssertInvalid(new Row { Pixels = [1, 2, float.NaN, 3, 4, 5] }, "Pixels", "slot 2 is NaN; expected finite numbers");
        AssertInvalid(new Row { Pixels = [1, 2, 3, 255.5f, 4, 5] }, "Pixels", "slot 3 is 255.5; expected values of pixels from 0 to 255");
        var disposed = Pictures.Create(1, 2, 2);
        disposed.Dispose();
        AssertInvalid(new Row { Image = disposed }, "Image", "the image was disposed; expected");

        void AssertInvalid(Row row, string column, string problem)
        {
            var (presence, reader) = Read(row, column, Two);
            Assert.AreEqual(Presence.Invalid, presence);
            Assert.StartsWith(problem, reader.Problem);
        }
    }

    [TestMethod]
    public void AColumnThatIsNoPictureIsRefused() => Assert.Contains(
        $"column 'Odd': expected {ImageBinding.ExpectedType}, got Vector<Single, 7>",
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Read(new Row(), "Odd", Two)).Message);

    [TestMethod]
    public void TheUsersOwnImageIsNotDisposed()
    {
        using var image = Pictures.Create(2, 4, 4);
        Read(new Row { Image = image }, "Image", Two);
        Assert.AreEqual(4, image.Width);
    }

    [TestMethod]
    public void TheStoreKeepsPicturesInTheirOrder()
    {
        using var scope = NewDisposeScope();
        var data = _mlContext.Data.LoadFromEnumerable(
            Enumerable.Range(0, 7000).Select(i => new Row { Grey = i % 3 == 0 ? null : [(byte)i, 0, 0, (byte)(i >> 8)] }));
        var binding = ModalityKinds.Bind(Modality.Image("E", "Grey", Two), data.Schema);
        using var store = binding.CreateStore();
        using var cursor = data.GetRowCursor(binding.Columns);
        var reader = binding.Open(cursor);
        for (var round = 0; round < 2; round++, store.Clear())
        {
            var numbers = new List<int>();
            using var rows = data.GetRowCursor(binding.Columns);
            reader = binding.Open(rows);
            while (rows.MoveNext())
                if (reader.Read() == Presence.Present)
                {
                    numbers.Add((int)rows.Position);
                    store.Add(reader);
                }
            var batch = ((ImageBatch)store.Gather([4000, 0, 4665])).Squares;
            CollectionAssert.AreEqual(new long[] { 3, 3, 8, 8 }, batch.shape);
            foreach (var (at, position) in new[] { 4000, 0, 4665 }.Index())
                Assert.AreEqual(numbers[position], batch[at, 0, 0, 0].item<byte>() + 256 * batch[at, 0, 7, 7].item<byte>());
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => store.Gather([store.Count]));
        }
    }

    private static int[] Corners(PictureReader reader, int channel) =>
        [.. new[] { 0, 7, 56, 63 }.Select(at => (int)reader.Square[channel * 64 + at])];

    private (Presence Presence, PictureReader Reader) Read(Row row, string column, ImageOptions options)
    {
        var data = _mlContext.Data.LoadFromEnumerable([row]);
        var binding = ModalityKinds.Bind(Modality.Image("E", column, options), data.Schema);
        using var cursor = data.GetRowCursor(binding.Columns);
        var reader = (PictureReader)binding.Open(cursor);
        Assert.IsTrue(cursor.MoveNext());
        return (reader.Read(), reader);
    }
}
