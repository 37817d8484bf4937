using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML.GentleClip.Interactive;

namespace FirstScreen;

/// <summary>The two pictures, in the notebooks' style.</summary>
internal static partial class Pictures
{
    /// <summary>Unpaired rows of each side, along the curve.</summary>
    public static readonly int[] Numbers = [0, 50, 100, 200, 400, Trial.UnpairedRows];

    /// <summary>Two plots of the same legend as one picture, the legend once.</summary>
    public static string SideBySide(string left, string right)
    {
        Match sizes = Sizes().Match(left);
        int width = int.Parse(sizes.Groups[1].Value, CultureInfo.InvariantCulture), height = int.Parse(sizes.Groups[2].Value, CultureInfo.InvariantCulture);
        int first = width - SvgChart.LegendWidth, both = first + width;
        string cut = Sizes().Replace(left, $"width=\"{first}\" height=\"{height}\" viewBox=\"0 0 {first} {height}\"", 1);
        return string.Create(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{both}" height="{height}" viewBox="0 0 {both} {height}">
            {cut}
            {right.Replace("<svg ", $"<svg x=\"{first}\" ", StringComparison.Ordinal)}
            </svg>
            """);
    }

    /// <summary>Recall@1 against the number of unpaired rows, with the control and the classical method.</summary>
    public static string Curve(FigureTable table)
    {
        (string Name, string Legend, bool IsControl)[] lines =
        [
            (Method.Default.Name, "real unpaired rows", false), (Method.Gaussian.Name, "Gaussian rows instead", true),
            (Method.Linear.Name, "linear ridge CCA", false),
        ];
        var chart = new SvgChart("Digits, 20 pairs: what unpaired rows add", Axis.Linear("unpaired rows of each side", 0, 800),
            Axis.Linear("recall@1, per cent", 0, 70));
        for (int i = 0; i < lines.Length; i++)
        {
            var (name, legend, isControl) = lines[i];
            (double X, double Y, double Deviation)[] points = [.. Numbers.Select(number => table.Of(name, number, figures => figures.RecallAt1) is { } value
                ? ((double)number, value.Mean, value.Deviation)
                : throw new InvalidDataException($"There is no figure for '{name}' with {number} unpaired rows."))];
            chart.AddLine(points.Select(point => (point.X, point.Y)), Palette.Colour(i), legend, isBold: i == 0, isDashed: isControl);
            chart.AddBars(points.Where(point => !double.IsNaN(point.Deviation)), Palette.Colour(i));
        }
        return chart.Render();
    }

    [GeneratedRegex("width=\"(\\d+)\" height=\"(\\d+)\" viewBox=\"[^\"]*\"")]
    private static partial Regex Sizes();
}
