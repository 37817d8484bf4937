using System.Globalization;
using Microsoft.ML.Data;

namespace FirstScreen;

/// <summary>A handwritten digit in its two descriptions; a side that is not known is NaN.</summary>
internal sealed class Digit
{
    public const int CoefficientCount = 64, ProfileCount = 216;

    public string Label { get; init; } = "";

    [VectorType(CoefficientCount)]
    public float[] Coefficients { get; init; } = Missing(CoefficientCount);

    [VectorType(ProfileCount)]
    public float[] Profile { get; init; } = Missing(ProfileCount);

    /// <summary>The 2,000 digits of the sample, in the order of their ids.</summary>
    public static Digit[] ReadAll()
    {
        string[][] Rows(string name) => [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "data", name)).Skip(1).Select(line => line.Split(','))];
        return [.. Rows("coefficients.csv").Zip(Rows("profiles.csv"), (a, b) => a[0] == b[0]
            ? new Digit { Label = a[1], Coefficients = Numbers(a[2..]), Profile = Numbers(b[1..]) }
            : throw new InvalidDataException($"The two tables differ in their ids: {a[0]} and {b[0]}."))];
    }

    private static float[] Numbers(string[] cells) => Array.ConvertAll(cells, cell => float.Parse(cell, CultureInfo.InvariantCulture));

    private static float[] Missing(int width) => [.. Enumerable.Repeat(float.NaN, width)];
}
