using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interactive;

namespace Microsoft.ML.GentleClip.Tests.Interactive;

/// <summary>
/// Plots that notebooks show: every row that has an embedding is a mark in its label's colour, at the place that its principal components say.
/// </summary>
[TestClass]
public sealed partial class NotebookPlotTests
{
    private const double PlotLeft = 62, PlotTop = 36, PlotWidth = 460, PlotHeight = 320;

    [TestMethod]
    public void EveryEmbeddingIsAMarkAndMissingOnesAreNot()
    {
        var view = View(rows: 40, missingA: 3, missingB: 5);
        var svg = view.PlotEmbeddings("A", "B", "Label", title: "<both>").Svg;
        var root = XDocument.Parse(svg).Root!; // well-formed, the title escaped
        Assert.AreEqual("<both>", Texts(root)[0]);
        Assert.AreEqual(37, Count(svg, "h0"), "dots");
        Assert.AreEqual(35, Count(svg, "m0-4l"), "triangles");
        // The shape says the column, the colour the label.
        string[] texts = Texts(root);
        CollectionAssert.AreEqual(new[] { "A", "B", "even", "odd", "partners (some)" }, texts[^5..], string.Join('|', texts));
    }

    [TestMethod]
    public void TheWidestDirectionLiesAcross()
    {
        // Along (0, 1, 0) the points spread ten times as far as along (1, 0, 0).
        float[][] points = [.. Enumerable.Range(0, 21).Select(i => new[] { (i * 7 % 21 - 10) / 10f, i - 10f, 0f })];
        var svg = new MLContext(1).Data.LoadFromEnumerable(points.Select(point => new Point { A = point })).PlotEmbeddings("A").Svg;
        (double X, double Y)[] places = [.. Mark().Matches(svg).Select(mark => (Number(mark, 1), Number(mark, 2)))];
        Assert.HasCount(21, places);
        Assert.IsTrue(places.All(place => place.X >= PlotLeft && place.X <= PlotLeft + PlotWidth && place.Y >= PlotTop && place.Y <= PlotTop + PlotHeight),
            svg);
        CollectionAssert.AreEqual(places.OrderBy(place => place.X).ToArray(), places, "the sign makes the largest slot positive");
        StringAssert.Contains(svg, "first principal component (99 % of the variance)");
    }

    [TestMethod]
    public void AUnitIsEquallyLongOnBothAxes()
    {
        // A triangle of sides 6, 8 and 10, and two points that say which axis is the first.
        float[][] points = [[0, 0, 0], [6, 0, 0], [0, 8, 0], [0, 40, 0], [0, -40, 0]];
        var svg = new MLContext(1).Data.LoadFromEnumerable(points.Select(point => new Point { A = point })).PlotEmbeddings("A").Svg;
        (double X, double Y)[] places = [.. Mark().Matches(svg).Select(mark => (Number(mark, 1), Number(mark, 2)))];
        double Length(int from, int to) => Math.Sqrt(Math.Pow(places[from].X - places[to].X, 2) + Math.Pow(places[from].Y - places[to].Y, 2));
        Assert.AreEqual(6.0 / 8, Length(0, 1) / Length(0, 2), 0.02);
        Assert.AreEqual(10.0 / 8, Length(1, 2) / Length(0, 2), 0.02);
    }

    [TestMethod]
    public void ManyLabelsShareTheLastColour()
    {
        var rows = Enumerable.Range(0, 60).Select(i => new Point { A = [i % 7, i % 5, i % 3], Label = $"label {(i < 12 ? i : i % 3)}" });
        string svg = new MLContext(1).Data.LoadFromEnumerable(rows).PlotEmbeddings("A", labelColumnName: "Label").Svg;
        StringAssert.Contains(svg, "3 others");
        Assert.AreEqual(10, Count(svg, "<circle"), "nine labels and the others");
        Assert.AreEqual(60, Count(svg, "h0"));
    }

    [TestMethod]
    public void WhatCannotBePlottedIsNamed()
    {
        var view = View(rows: 4, missingA: 3, missingB: 4);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => view.PlotEmbeddings("Label")).Message,
            "Column 'Label' is of type String; expected a vector of Single");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => view.PlotEmbeddings("C")).Message, "no column 'C'; found 'A', 'B', 'Label'");
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => view.PlotEmbeddings("A", "B")).Message, "2 embeddings or more; found 1");
    }

    [TestMethod]
    public void EachTermIsALineAndValidationADashedOne()
    {
        TrainingEpoch[] history = [.. Enumerable.Range(0, 5)
            .Select(
            i =>
                new TrainingEpoch(i, 20 * (i + 1),
                    new Dictionary<string, double> { ["contrastive"] = 4 - i * 0.5, ["mmd"] = i == 4 ? -1e-9 : 0.1, ["total"] = 4.1 - i * 0.5 },
            0.07, 1e-3, new ValidationRetrieval(0.1, 0.2, i * 0.2, 0.1)))];
        string svg = TrainingPlot.Draw(history, "Losses").Svg;
        var root = XDocument.Parse(svg).Root!;
        CollectionAssert.IsSubsetOf(new[] { "contrastive", "mmd", "total, weighted", "recall@10 (right)" }, Texts(root));
        string[] lines = [.. Line().Matches(svg).Select(match => match.Groups[1].Value)];
        Assert.HasCount(4, lines);
        Assert.IsTrue(lines.All(line => line.Split('L').Length == 5), svg);
        double[] heights = [.. lines[0].Split('L').Select(point => double.Parse(point.Split(' ')[1], CultureInfo.InvariantCulture))];
        CollectionAssert.AreEqual(heights.Order().ToArray(), heights, "a falling loss goes down the page");
        // A single term is its own total.
        string single =
            TrainingPlot.Draw(
                [.. history.Select(epoch => epoch with { Losses = new Dictionary<string, double> { ["contrastive"] = 1, ["total"] = 1 }, Validation = null })],
                "Losses").Svg;
        Assert.IsFalse(single.Contains("total", StringComparison.Ordinal) || single.Contains("recall", StringComparison.Ordinal), single);
        StringAssert.Contains(Assert.ThrowsExactly<InvalidOperationException>(() => TrainingPlot.Draw([], "none")).Message, "not trained in steps");
    }

    private static IDataView View(int rows, int missingA, int missingB)
    {
        float[] missing = [float.NaN, float.NaN, float.NaN];
        return new MLContext(1).Data.LoadFromEnumerable(Enumerable.Range(0, rows).Select(i => new Point
        {
            A = i < missingA ? missing : [i % 4, i % 3, i],
            B = i >= rows - missingB ? missing : [i % 3, i % 4, -i],
            Label = i % 2 == 0 ? "even" : "odd",
        }));
    }

    private static string[] Texts(XElement root) => [.. root.Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value)];

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private static double Number(Match match, int group) => double.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"M([\d.]+) ([\d.]+)h0")]
    private static partial Regex Mark();

    [GeneratedRegex("<path d=\"M([^\"]*L[^\"]*)\" fill=\"none\" stroke=\"[^\"]*\" stroke-width=\"[^\"]*\" stroke-linejoin=\"round\"")]
    private static partial Regex Line();

    private sealed class Point
    {
        [VectorType(3)]
        public float[]? A { get; init; }

        [VectorType(3)]
        public float[]? B { get; init; }

        public string Label { get; init; } = "";
    }
}
