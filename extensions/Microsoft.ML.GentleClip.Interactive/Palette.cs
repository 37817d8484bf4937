namespace Microsoft.ML.GentleClip.Interactive;

/// <summary>Colours that people with the common colour deficiencies tell apart (Okabe and Ito 2008; the last two: Tol 2021).</summary>
internal static class Palette
{
    public const string Other = "#9aa0a6", Ink = "#202428", Grid = "#e4e7ea";

    private static readonly string[] Colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c5109", "#5d3a9b", "#882255", "#999933"];

    public static int Count => Colours.Length;

    public static string Colour(int index) => Colours[index % Colours.Length];
}
