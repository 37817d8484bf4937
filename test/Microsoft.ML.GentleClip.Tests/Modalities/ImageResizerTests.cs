using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Tests.Modalities;

[TestClass]
public sealed class ImageResizerTests
{
    [TestMethod]
    [DataRow(7, 7, 7, ImageFit.Crop)] // as it is
    [DataRow(40, 25, 8, ImageFit.Crop)] // smaller, wide
    [DataRow(25, 41, 8, ImageFit.Crop)] // smaller, high
    [DataRow(3, 5, 12, ImageFit.Crop)] // larger
    [DataRow(9, 8, 10, ImageFit.Crop)]
    [DataRow(1, 1, 4, ImageFit.Crop)]
    [DataRow(200, 1, 4, ImageFit.Crop)]
    [DataRow(40, 25, 8, ImageFit.Stretch)]
    [DataRow(5, 20, 8, ImageFit.Stretch)]
    public void GivesWhatTheTriangleFilterGives(int width, int height, int size, ImageFit fit)
    {
        var random = new Random(1);
        var picture = new float[3, height, width];
        for (var i = 0; i < picture.Length; i++)
            picture[i / (height * width), i / width % height, i % width] = random.Next(256);
        var resizer = new ImageResizer(size, fit);
        var square = new byte[resizer.Length];
        resizer.Resize(width, height, (y, planes) =>
        {
            for (var i = 0; i < planes.Length; i++)
                planes[i] = picture[i / width, y, i % width];
        }, square);

        var shorter = Math.Min(width, height);
        var (scaledWidth, scaledHeight) = fit == ImageFit.Crop ? (size * width / shorter, size * height / shorter) : (size, size);
        var (left, top) = ((int)Math.Round((scaledWidth - size) / 2.0), (int)Math.Round((scaledHeight - size) / 2.0));
        for (var i = 0; i < square.Length; i++)
        {
            var (channel, y, x) = (i / size / size, i / size % size, i % size);
            var (sum, total) = (0.0, 0.0);
            for (var sy = 0; sy < height; sy++)
                for (var sx = 0; sx < width; sx++)
                {
                    var weight = Triangle(sy, y + top, (double)height / scaledHeight) * Triangle(sx, x + left, (double)width / scaledWidth);
                    sum += weight * picture[channel, sy, sx];
                    total += weight;
                }
            Assert.AreEqual(sum / total, square[i], 0.51, $"channel {channel}, row {y}, column {x}");
        }

        static double Triangle(int source, int target, double scale) =>
            Math.Max(0, 1 - Math.Abs(source + 0.5 - (target + 0.5) * scale) / Math.Max(scale, 1));
    }
}
