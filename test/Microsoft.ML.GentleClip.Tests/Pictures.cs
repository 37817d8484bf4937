using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Tests.Runtime;

namespace Microsoft.ML.GentleClip.Tests;

/// <summary>Small pictures of one colour each with a darker corner, in files, beside vectors that say the colour.</summary>
internal static class Pictures
{
    public const int Colors = 6;

    internal sealed class Row
    {
        public string? Path { get; set; }

        public string Title { get; set; } = "A picture. Of Mr. Smith";

        [VectorType(Colors)]
        public float[]? Features { get; set; }
    }

    public static ImageOptions Images { get; } = new() { Size = 16, StoredSize = 20 };

    public static ResNetOptions ResNet { get; } = new() { Size = new ResNetSize([1, 1, 1, 1], 4, bottleneck: false) };

    public static ViTOptions ViT { get; } = new() { Size = new ViTSize(8, 2, 16, 2) };

    /// <summary>A picture of a colour.</summary>
    public static MLImage Create(int color, int width, int height)
    {
        var pixels = new byte[4 * width * height];
        for (var i = 0; i < width * height; i++)
        {
            var scale = i % width < width / 2 && i / width < height / 2 ? 120 : 240;
            for (var channel = 0; channel < 3; channel++)
                pixels[4 * i + channel] = (byte)(((color + 1) >> channel & 1) * scale);
            pixels[4 * i + 3] = 255;
        }
        return MLImage.CreateFromPixels(width, height, MLPixelFormat.Bgra32, pixels);
    }

    /// <summary>Pairs, then rows with a picture alone, then rows with a vector alone; the files are written.</summary>
    public static List<Row> Mixed(TemporaryFolder folder, int pairs, int pictures, int vectors)
    {
        var rows = new List<Row>();
        for (var i = 0; i < pairs + pictures + vectors; i++)
        {
            var row = new Row { Features = new float[Colors] };
            row.Features[i % Colors] = 1 + 0.1f * i;
            if (i < pairs + pictures)
            {
                row.Path = $"{i}.png";
                using var image = Create(i % Colors, 18 + i % 5, 30 - i % 7);
                image.Save(folder.File(row.Path));
            }
            if (i >= pairs && i < pairs + pictures)
                row.Features = null;
            rows.Add(row);
        }
        return rows;
    }

    /// <summary>A training of seconds.</summary>
    public static GentleClipOptions Options(ImageEncoderOptions? encoder = null, int steps = 4) => new()
    {
        ModalityA = Modality.Image("ImageEmbedding", "Image", Images, encoder ?? ResNet),
        ModalityB = Modality.Vector("FeatureEmbedding", "Features"),
        EmbeddingDimension = 8,
        Batches = new() { Size = 12 },
        MaximumNumberOfSteps = steps,
        NumberOfThreads = 1,
        Seed = 3,
    };
}
