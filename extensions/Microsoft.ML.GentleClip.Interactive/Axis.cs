using System.Globalization;

namespace Microsoft.ML.GentleClip.Interactive;

/// <summary>One axis of a chart: where a value lies, and which values are marked.</summary>
internal sealed class Axis
{
    private const int WantedTicks = 5;

    private static readonly double[] Steps = [1, 2, 5, 10], Decades = [1], Halves = [1, 2, 5], Parts = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8];

    private readonly double _low, _high;
    private readonly bool _isLogarithmic;

    private Axis(string label, double low, double high, bool isLogarithmic, IReadOnlyList<double> ticks) =>
        (Label, _low, _high, _isLogarithmic, Ticks) = (label, low, high, isLogarithmic, ticks);

    public string Label { get; }

    public IReadOnlyList<double> Ticks { get; }

    /// <summary>From the smallest value to the largest, with a little room.</summary>
    public static Axis Linear(string label, IEnumerable<double> values)
    {
        double[] all = [.. values.DefaultIfEmpty(0)];
        double low = all.Min(), high = all.Max(), room = high > low ? 0.04 * (high - low) : 1;
        return Linear(label, low - room, high + room);
    }

    /// <summary>Two axes on which a unit is equally long, as a distance in a plane wants: the shorter one gets room on both sides.</summary>
    /// <param name="x">Label and values along the width.</param>
    /// <param name="y">Label and values along the height.</param>
    /// <param name="aspect">Width over height of the plot.</param>
    public static (Axis X, Axis Y) Equal((string Label, IEnumerable<double> Values) x, (string Label, IEnumerable<double> Values) y, double aspect)
    {
        Axis across = Linear(x.Label, x.Values), up = Linear(y.Label, y.Values);
        double width = across._high - across._low, height = up._high - up._low;
        return width < height * aspect ? (across.Wider(height * aspect), up) : (across, up.Wider(width / aspect));
    }

    /// <summary>Between given ends.</summary>
    public static Axis Linear(string label, double low, double high)
    {
        double rough = (high - low) / WantedTicks, power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = Steps.First(factor => factor * power >= rough * 0.999) * power;
        var ticks = new List<double>();
        for (double index = Math.Ceiling(low / step - 1e-9); index * step <= high + step * 1e-9; index++)
            ticks.Add(index * step);
        return new Axis(label, low, high, isLogarithmic: false, ticks);
    }

    /// <summary>Powers of ten; values of at most <paramref name="floor"/> lie at the floor.</summary>
    public static Axis Logarithmic(string label, IEnumerable<double> values, double floor)
    {
        double[] all = [.. values.Select(value => Math.Max(value, floor)).DefaultIfEmpty(1)];
        double low = Math.Log10(all.Min()), high = Math.Log10(all.Max()), room = 0.04 * Math.Max(high - low, 0.5);
        (low, high) = (low - room, high + room);
        int first = (int)Math.Floor(low), last = (int)Math.Ceiling(high);
        double[] factors = high - low > 2 ? Decades : high - low > 0.8 ? Halves : Parts;
        double[] ticks = [.. Enumerable.Range(first, last - first + 1).SelectMany(power => factors.Select(factor => factor * Math.Pow(10, power)))
            .Where(tick => Math.Log10(tick) >= low && Math.Log10(tick) <= high)];
        return new Axis(label, low, high, isLogarithmic: true, ticks);
    }

    /// <summary>0 at the low end, 1 at the high one.</summary>
    public double Position(double value) =>
        ((_isLogarithmic ? Math.Max(Math.Log10(Math.Max(value, double.Epsilon)), _low) : value) - _low) / (_high - _low);

    private Axis Wider(double length)
    {
        double room = (length - (_high - _low)) / 2;
        return Linear(Label, _low - room, _high + room);
    }

    public static string Text(double tick) => Math.Abs(tick) < 1e-12 ? "0" : tick.ToString("0.#####", CultureInfo.InvariantCulture);
}
