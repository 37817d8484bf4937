using System.Globalization;
using System.Net;
using System.Text;

namespace Microsoft.ML.GentleClip.Interactive;

/// <summary>A chart with axes and a legend, as SVG. Coordinates have one digit, so that the same figures give the same text and little of it.</summary>
internal sealed class SvgChart(string title, Axis x, Axis y, Axis? right = null)
{
    /// <summary>Size of the part between the axes, in pixels.</summary>
    public const int PlotWidth = 460, PlotHeight = 320;

    /// <summary>Width of the column with the legend, right of the plot.</summary>
    public const int LegendWidth = 190;

    private const int Left = 62, Top = 36, Bottom = 50, LegendLine = 20, HalfBar = 4;

    private readonly StringBuilder _marks = new();
    private readonly List<(string Text, string Sample)> _legend = [];

    /// <summary>Filled dots; without a legend's text there is no line for them.</summary>
    public void AddDots(IEnumerable<(double X, double Y)> points, string colour, string? legend)
    {
        Path(points, "h0", $"fill=\"none\" stroke=\"{colour}\" stroke-opacity=\"0.75\" stroke-width=\"6\" stroke-linecap=\"round\"");
        Explain(legend, $"<circle cx=\"8\" cy=\"-4\" r=\"4\" fill=\"{colour}\"/>");
    }

    /// <summary>Open triangles; without a legend's text there is no line for them.</summary>
    public void AddTriangles(IEnumerable<(double X, double Y)> points, string colour, string? legend)
    {
        string style = $"fill=\"white\" fill-opacity=\"0.6\" stroke=\"{colour}\" stroke-width=\"1.2\"";
        Path(points, "m0-4l3.6 6.6h-7.2z", style);
        Explain(legend, $"<path d=\"M8-8.5l4 7.5h-8z\" {style}/>");
    }

    /// <summary>A line of the legend for every dot, or every triangle, whatever its colour.</summary>
    public void ExplainShape(bool isTriangle, string legend) => Explain(legend, isTriangle
        ? $"<path d=\"M8-8.5l4 7.5h-8z\" fill=\"white\" stroke=\"{Palette.Ink}\" stroke-width=\"1.2\"/>"
        : $"<circle cx=\"8\" cy=\"-4\" r=\"4\" fill=\"{Palette.Ink}\"/>");

    public void AddLine(IEnumerable<(double X, double Y)> points, string colour, string legend, bool isBold = false, bool isRight = false,
        bool isDashed = false)
    {
        string style =
            $"fill=\"none\" stroke=\"{colour}\" stroke-width=\"{(isBold ? "3" : "1.8")}\" "
                + $"stroke-linejoin=\"round\"{(isRight || isDashed ? " stroke-dasharray=\"6 4\"" : "")}";
        string path = string.Join('L', points.Select(point => Place(point, isRight ? right! : y)));
        _marks.Append(CultureInfo.InvariantCulture, $"<path d=\"M{path}\" {style}/>\n");
        _legend.Add((legend, $"<path d=\"M0-4h16\" {style}/>"));
    }

    /// <summary>An upright bar at each point, from its value less the deviation to its value and the deviation.</summary>
    public void AddBars(IEnumerable<(double X, double Y, double Deviation)> points, string colour)
    {
        string path = string.Concat(points.Select(point => string.Create(CultureInfo.InvariantCulture,
            $"M{Place((point.X, point.Y - point.Deviation), y)}m-{HalfBar} 0h{2 * HalfBar}m-{HalfBar} 0L{Place((point.X, point.Y + point.Deviation), y)}")
                + string.Create(CultureInfo.InvariantCulture, $"m-{HalfBar} 0h{2 * HalfBar}")));
        _marks.Append(CultureInfo.InvariantCulture, $"<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1\"/>\n");
    }

    public void AddSegments(IEnumerable<((double X, double Y) From, (double X, double Y) To)> segments, string legend)
    {
        const string style = "fill=\"none\" stroke=\"#202428\" stroke-opacity=\"0.6\" stroke-width=\"1\"";
        string path = string.Concat(segments.Select(segment => $"M{Place(segment.From, y)}L{Place(segment.To, y)}"));
        _marks.Append(CultureInfo.InvariantCulture, $"<path d=\"{path}\" {style}/>\n");
        _legend.Add((legend, $"<path d=\"M0-4h16\" {style}/>"));
    }

    public string Render()
    {
        int width = Left + PlotWidth + (right is null ? 16 : 62) + LegendWidth, height = Top + PlotHeight + Bottom;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" "
                + $"font-size=\"12\" fill=\"{Palette.Ink}\">\n");
        // A background of its own: in a dark page the ink is dark all the same.
        svg.Append(CultureInfo.InvariantCulture,
            $"<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n<text x=\"{Left}\" y=\"22\" font-size=\"14\" "
                + $"font-weight=\"bold\">{WebUtility.HtmlEncode(title)}</text>\n");
        Grid(svg);
        svg.Append(_marks);
        for (int i = 0; i < _legend.Count; i++)
            svg.Append(CultureInfo.InvariantCulture,
                $"<g transform=\"translate({width - LegendWidth + 8} {Top + 14 + i * LegendLine})\">{_legend[i].Sample}<text "
                    + $"x=\"24\">{WebUtility.HtmlEncode(_legend[i].Text)}</text></g>\n");
        return svg.Append("</svg>").ToString();
    }

    private void Grid(StringBuilder svg)
    {
        foreach (double tick in x.Ticks)
        {
            string at = Number(Left + x.Position(tick) * PlotWidth);
            svg.Append(CultureInfo.InvariantCulture,
                $"<path d=\"M{at} {Top}v{PlotHeight}\" stroke=\"{Palette.Grid}\"/><text x=\"{at}\" y=\"{Top + PlotHeight + 17}\" "
                    + $"text-anchor=\"middle\">{Axis.Text(tick)}</text>\n");
        }
        foreach (double tick in y.Ticks)
        {
            string at = Number(Top + (1 - y.Position(tick)) * PlotHeight);
            svg.Append(CultureInfo.InvariantCulture,
                $"<path d=\"M{Left} {at}h{PlotWidth}\" stroke=\"{Palette.Grid}\"/><text x=\"{Left - 7}\" y=\"{at}\" dy=\"4\" "
                    + $"text-anchor=\"end\">{Axis.Text(tick)}</text>\n");
        }
        foreach (double tick in right?.Ticks ?? [])
            svg.Append(CultureInfo.InvariantCulture,
                $"<text x=\"{Left + PlotWidth + 7}\" y=\"{Number(Top + (1 - right!.Position(tick)) * PlotHeight)}\" dy=\"4\">{Axis.Text(tick)}</text>\n");
        svg.Append(CultureInfo.InvariantCulture,
            $"<rect x=\"{Left}\" y=\"{Top}\" width=\"{PlotWidth}\" height=\"{PlotHeight}\" fill=\"none\" stroke=\"#8a9096\"/>\n");
        svg.Append(CultureInfo.InvariantCulture,
            $"<text x=\"{Left + PlotWidth / 2}\" y=\"{Top + PlotHeight + 38}\" text-anchor=\"middle\">{WebUtility.HtmlEncode(x.Label)}</text>\n");
        Upright(svg, 16, y.Label);
        if (right is not null)
            Upright(svg, Left + PlotWidth + 50, right.Label);
    }

    private void Explain(string? text, string sample)
    {
        if (text is not null)
            _legend.Add((text, sample));
    }

    private static void Upright(StringBuilder svg, int at, string text) =>
        svg.Append(CultureInfo.InvariantCulture,
            $"<text transform=\"translate({at} {Top + PlotHeight / 2}) rotate(-90)\" text-anchor=\"middle\">{WebUtility.HtmlEncode(text)}</text>\n");

    private void Path(IEnumerable<(double X, double Y)> points, string mark, string style)
    {
        _marks.Append("<path d=\"");
        foreach (var point in points)
            _marks.Append('M').Append(Place(point, y)).Append(mark);
        _marks.Append(CultureInfo.InvariantCulture, $"\" {style}/>\n");
    }

    private string Place((double X, double Y) point, Axis vertical) =>
        $"{Number(Left + x.Position(point.X) * PlotWidth)} {Number(Top + (1 - vertical.Position(point.Y)) * PlotHeight)}";

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
