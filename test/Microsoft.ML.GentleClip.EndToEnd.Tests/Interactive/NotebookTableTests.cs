using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interactive;
using SkiaSharp;

namespace Microsoft.ML.GentleClip.Tests.Interactive;

/// <summary>Tables that notebooks show: every cell in its place, text escaped, pictures that a decoder reads.</summary>
[TestClass]
public sealed class NotebookTableTests
{
    private static readonly string[] Headers = ["name", "value"];

    [TestMethod]
    public void TextIsEscapedAndNumbersStandOnTheRight()
    {
        var table = new NotebookTable(Headers, [["a<b>&\"c\"", 0.12345], ["second", 7], [null, null]]);
        StringAssert.Contains(table.Html, "a&lt;b&gt;&amp;&quot;c&quot;");
        StringAssert.Contains(table.Html, "<td style=\"text-align:right\">0.123</td>");
        StringAssert.Contains(table.Html, "<th style=\"text-align:right\">value</th>");
        Assert.AreEqual(3, table.RowCount);
        Assert.AreEqual("name      value\na<b>&\"c\"  0.123\nsecond        7\n", table.ToString());
    }

    [TestMethod]
    public void ARowOfAnotherLengthIsNamed()
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => new NotebookTable(Headers, [["a", 1], ["b"]]));
        StringAssert.Contains(error.Message, "Row 1 has 1 cells; expected 2");
    }

    [TestMethod]
    public void PicturesAreReadBackByADecoder()
    {
        float[] planes = [.. Enumerable.Range(0, 3 * 5 * 4).Select(i => (float)(i * 4))];
        planes[0] = 300; // cut to 255
        var picture = NotebookPicture.FromPlanes(planes, width: 5, height: 4, "five by four");
        using var decoded = SKBitmap.Decode(picture.Png);
        Assert.AreEqual((5, 4), (decoded.Width, decoded.Height));
        for (int y = 0; y < 4; y++)
            for (int x = 0; x < 5; x++)
            {
                int[] expected = [.. Enumerable.Range(0, 3).Select(channel => (int)Math.Min(planes[channel * 20 + y * 5 + x], 255))];
                var found = decoded.GetPixel(x, y);
                CollectionAssert.AreEqual(expected, new int[] { found.Red, found.Green, found.Blue }, $"pixel {x}, {y}");
            }
        StringAssert.Contains(new NotebookTable(Headers, [[picture, 1]]).Html, "alt=\"five by four\"");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => NotebookPicture.FromPlanes(planes, 5, 5)).Message,
            "5 x 5 pixels has 75 values; found 60");
    }

    [TestMethod]
    public void ViewsAreShownShortAndMissingSidesSaySo()
    {
        var mlContext = new MLContext(1);
        var view = mlContext.Data.LoadFromEnumerable([new Row { Vector = [1, 2, 3, 4], Text = new string('x', 100), Flag = true, Number = 3 },
            new Row { Vector = [float.NaN, float.NaN, float.NaN, float.NaN] }, new Row()]);
        view = mlContext.Transforms.Conversion.MapValueToKey("Key", "Text").Fit(view).Transform(view);
        string[] lines = view.ToTable(2, "Vector", "Flag", "Number", "Key").ToString().Split('\n');
        Assert.HasCount(3, lines);
        StringAssert.StartsWith(lines[1], "1.00, 2.00, 3.00, … (4)  true        3  xxx");
        StringAssert.StartsWith(lines[2], "missing                  false       0");
        StringAssert.Contains(view.ToTable(1, "Text").Html, $">{new string('x', 60)}…<");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => view.ToTable(1, "Nowhere")).Message, "no column 'Nowhere'; found 'Vector', 'Text'");
    }

    [TestMethod]
    public void RetrievalIsShownInPerCentBesideGuessing()
    {
        float[] a = [1, 0, 0, 1, 0.6f, 0.8f], b = [1, 0, 0, 1, -1, 0];
        var metrics = RetrievalMetrics.Evaluate(a, b, rows: 3, dimension: 2, 1, 2);
        string table = new[] { ("one", metrics), ("other", metrics) }.ToTable([1]).ToString();
        Assert.AreEqual(
            $"          recall@1, %  median rank\none{100 * metrics.RecallAt(1),18:0.#}{metrics.MedianRank,13:0.###}\n"
                + $"other{100 * metrics.RecallAt(1),16:0.#}{metrics.MedianRank,13:0.###}\nguessing         33.3", table);
        StringAssert.Contains(metrics.ToTable("picture", "words").ToString(), "picture finds words");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => new[] { ("one", metrics) }.ToTable()).Message, "'one' has no recall@5");
    }

    private sealed class Row
    {
        [VectorType(4)]
        public float[]? Vector { get; init; }

        public string Text { get; init; } = "";

        public bool Flag { get; init; }

        public float Number { get; init; }
    }
}
