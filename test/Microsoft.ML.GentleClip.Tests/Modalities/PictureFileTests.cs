using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Onnx;
using Microsoft.ML.GentleClip.Tests.Runtime;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.GentleClip.Tests.Modalities;

/// <summary>Picture files on every way into a modality: ML.NET's loaders of images and of bytes, bytes in memory, and the inputs of generators and
/// exported graphs.</summary>
[TestClass]
public sealed class PictureFileTests : IDisposable
{
    private static readonly ImageOptions Options = new() { Size = 16, StoredSize = 16 };

    private readonly MLContext _mlContext = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public static IEnumerable<object[]> Formats => PictureFiles.Formats.Select(format => new object[] { format });

    public static IEnumerable<object[]> Turnable => PictureFiles.Turnable.Select(format => new object[] { format });

    public void Dispose() => _folder.Dispose();

    private sealed class Row
    {
        public string Path { get; set; } = "";

        public string Note { get; set; } = "a note";
    }

    private sealed class Held
    {
        [ImageType(1, 1)] // of any size: readers go by the image
        public MLImage? Image { get; set; }

        public byte[]? Bytes { get; set; }
    }

    [TestMethod]
    [DynamicData(nameof(Formats))]
    public void ACutFileIsRefusedWithRowColumnAndFile(string format)
    {
        var file = PictureFiles.Create(format);
        File.WriteAllBytes(_folder.File("whole." + format), file);
        foreach (var percent in new[] { 1, 10, 25, 50, 75, 90, 99 })
        {
            var cut = file[..(file.Length * percent / 100)];
            var name = $"cut{percent}.{format}";
            File.WriteAllBytes(_folder.File(name), cut);
            foreach (var (kind, view) in Loaded("whole." + format, name))
            {
                var message = Assert.Throws<InvalidOperationException>(() => Read(view, Options), $"{kind}, {percent} %").Message;
                foreach (var part in (string[])["Row 1", "column 'Image'", "the picture cannot be loaded", name])
                    Assert.Contains(part, message, kind);
            }
            var inMemory = _mlContext.Data.LoadFromEnumerable([new Held { Bytes = file }, new Held { Bytes = cut }]);
            Assert.Contains("Row 1, column 'Bytes': the picture cannot be loaded",
                Assert.Throws<InvalidOperationException>(() => Read(inMemory, Options, "Bytes")).Message);
            var inputs = Inputs(Options);
            Assert.Contains("Input 1 cannot be embedded as 'Image': expected the content of a picture file, whole and undamaged, found ",
                Assert.ThrowsExactly<ArgumentException>(() => inputs.Create<byte[]>([file, cut])).Message);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Turnable))]
    public void EveryOrientationIsShownUpright(string format)
    {
        var file = PictureFiles.Create(format);
        for (var orientation = 1; orientation <= 8; orientation++)
        {
            var name = $"{orientation}.{format}";
            var turned = PictureFiles.Turned(file, format, orientation);
            File.WriteAllBytes(_folder.File(name), turned);
            foreach (var (options, shownAs) in new[] { (Options, orientation), (Options with { ApplyOrientation = false }, 1),
                (Options with { Fit = ImageFit.Stretch }, orientation) })
            {
                using var upright = PictureFiles.Shown(file, shownAs);
                var expected = Read(_mlContext.Data.LoadFromEnumerable([new Held { Image = upright }]), options)[0];
                foreach (var (kind, view) in Loaded(name))
                    CollectionAssert.AreEqual(expected, Read(view, options)[0], $"{kind}, {options}");
                var values = (float[])Inputs(options).Create<ReadOnlyMemory<byte>>([turned])[0].Values;
                CollectionAssert.AreEqual((float[])Inputs(options).Create([upright])[0].Values, values, "inputs of a graph");
            }
        }
    }

    [TestMethod]
    public void MLNetsOwnStepsBetweenKeepTheOrientation()
    {
        File.WriteAllBytes(_folder.File("6.png"), PictureFiles.Turned(PictureFiles.Create("png"), "png", 6));
        File.WriteAllBytes(_folder.File("1.png"), PictureFiles.Create("png"));
        var view = _mlContext.Data.LoadFromEnumerable([new Row { Path = "6.png" }, new Row { Path = "1.png" }]);
        var grey = _mlContext.Transforms.LoadImages("Image", _folder.FullName, "Path").Append(_mlContext.Transforms.ConvertToGrayscale("Image"))
            .Fit(view).Transform(view);
        var squares = Read(grey, Options with { Fit = ImageFit.Stretch, StoredSize = 16 });
        CollectionAssert.AreNotEqual(squares[0], squares[1]);
    }

    [TestMethod]
    public void AHugePictureIsRefusedBeforeItIsDecoded()
    {
        var huge = PictureFiles.Claiming(60_000, 50_000); // 12 GB when decoded
        File.WriteAllBytes(_folder.File("huge.png"), huge);
        var view = _mlContext.Data.LoadFromEnumerable([new Row { Path = "huge.png" }]);
        var raw = _mlContext.Transforms.LoadRawImageBytes("Image", _folder.FullName, "Path").Fit(view).Transform(view);
        var message = Assert.Throws<InvalidOperationException>(() => Read(raw, Options)).Message;
        foreach (var part in (string[])["Row 0, column 'Image'", "huge.png",
            "60000 x 50000 = 3000000000 pixels, more than the 100000000 of ImageOptions.MaximumPixels"])
            Assert.Contains(part, message);
        Assert.Contains("60000 x 50000", Assert.ThrowsExactly<ArgumentException>(() => Inputs(Options).Create<byte[]>([huge])).Message);

        // An image that is there already: the same limit.
        File.WriteAllBytes(_folder.File("a.jpg"), PictureFiles.Create("jpg"));
        foreach (var (kind, loaded) in Loaded("a.jpg"))
        {
            Assert.Contains("46 x 34 = 1564 pixels, more than the 1563",
                Assert.Throws<InvalidOperationException>(() => Read(loaded, Options with { MaximumPixels = 1563 }), kind).Message);
            Assert.HasCount(1, Read(loaded, Options with { MaximumPixels = 1564 }));
        }
    }

    [TestMethod]
    public void FilesInMemoryAndAbsentOnesAreRead()
    {
        var file = PictureFiles.Create("jpg");
        using var image = PictureFiles.Shown(file, 1);
        var view = _mlContext.Data.LoadFromEnumerable([new Held { Bytes = file, Image = image }, new Held()]);
        CollectionAssert.AreEqual(Read(view, Options)[0], Read(view, Options, "Bytes")[0]);
        Assert.HasCount(1, Read(view, Options, "Bytes"), "the second row has none");
        var raw = _mlContext.Transforms.LoadRawImageBytes("Image", _folder.FullName, "Path");
        var empty = _mlContext.Data.LoadFromEnumerable([new Row()]);
        Assert.HasCount(0, Read(raw.Fit(empty).Transform(empty), Options));
        var missing = _mlContext.Data.LoadFromEnumerable([new Row { Path = "nowhere.png" }]);
        // ML.NET reads a view of bytes on other threads, where its own loader fails; what it says is inside.
        Assert.Contains("nowhere.png", Assert.Throws<InvalidOperationException>(() => Read(raw.Fit(missing).Transform(missing), Options)).ToString());
    }

    private IEnumerable<(string Kind, IDataView View)> Loaded(params string[] names)
    {
        var view = _mlContext.Data.LoadFromEnumerable(names.Select(name => new Row { Path = name }).ToList());
        yield return ("LoadImages", _mlContext.Transforms.LoadImages("Image", _folder.FullName, "Path").Fit(view).Transform(view));
        yield return ("LoadRawImageBytes", _mlContext.Transforms.LoadRawImageBytes("Image", _folder.FullName, "Path").Fit(view).Transform(view));
    }

    private static OnnxPreprocessor Inputs(ImageOptions options) => OnnxPreprocessor.FromMetadata(new Dictionary<string, string>
    {
        [TowerMetadata.Format] = TowerMetadata.CurrentFormat,
        [TowerMetadata.EmbeddingDimension] = "8",
        [TowerMetadata.Tower] = ModelSerializer.DescribeTower(new TowerSpec(Modality.Image("E", "Image", options, Pictures.ResNet), 0)),
    });

    private static List<byte[]> Read(IDataView view, ImageOptions options, string column = "Image")
    {
        var binding = ModalityKinds.Bind(Modality.Image("E", column, options), view.Schema);
        using var cursor = view.GetRowCursor(binding.Columns);
        var reader = (PictureReader)binding.Open(cursor);
        var squares = new List<byte[]>();
        while (cursor.MoveNext())
            if (reader.Read() == Presence.Present)
                squares.Add(reader.Square.ToArray());
        return squares;
    }
}
