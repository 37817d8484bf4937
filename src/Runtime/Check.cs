using System.Globalization;
using System.Numerics;

namespace Microsoft.ML.GentleClip.Options;

/// <summary>Range checks of the options' setters.</summary>
internal static class Check
{
    /// <summary>Returns <paramref name="value"/> when it lies in [minimum, maximum]; NaN never does.</summary>
    public static T InRange<T>(T value, T minimum, T maximum, string name) where T : INumber<T> =>
        value >= minimum && value <= maximum ? value : throw OutOfRange(value, name, $"from {Text(minimum)} to {Text(maximum)}");

    /// <summary>Returns <paramref name="value"/> when it lies in [minimum, maximum).</summary>
    public static T InRangeExclusive<T>(T value, T minimum, T maximum, string name) where T : INumber<T> =>
        value >= minimum && value < maximum ? value : throw OutOfRange(value, name, $"from {Text(minimum)} to below {Text(maximum)}");

    /// <summary>Returns <paramref name="value"/> when it is finite and above 0.</summary>
    public static double Positive(double value, string name) =>
        value > 0 && double.IsFinite(value) ? value : throw OutOfRange(value, name, "above 0");

    /// <summary>Returns <paramref name="value"/> when it is finite and not below 0.</summary>
    public static double NotNegative(double value, string name) =>
        value >= 0 && double.IsFinite(value) ? value : throw OutOfRange(value, name, "0 or more");

    /// <summary>Returns <paramref name="value"/> when it is a share of something, but not nothing: above 0 to 1.</summary>
    public static double Share(double value, string name) => value is > 0 and <= 1 ? value : throw OutOfRange(value, name, "above 0 to 1");

    /// <summary>Returns <paramref name="value"/> when it is above zero.</summary>
    public static TimeSpan AboveZero(TimeSpan value, string name) =>
        value > TimeSpan.Zero ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must be above zero, found {value}.");

    /// <summary>Returns <paramref name="value"/> when its enumeration defines it.</summary>
    public static T Defined<T>(T value, string name) where T : struct, Enum =>
        Enum.IsDefined(value) ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be one of {string.Join(", ", Enum.GetNames<T>())}, found {value}.");

    /// <summary>Returns <paramref name="value"/> when it is null or says something.</summary>
    public static string? NotBlank(string? value, string name)
    {
        if (value is not null)
            ArgumentException.ThrowIfNullOrWhiteSpace(value, name);
        return value;
    }

    private static ArgumentOutOfRangeException OutOfRange<T>(T value, string name, string expected) where T : INumber<T> =>
        new(name, value, $"{name} must be {expected}, found {Text(value)}.");

    private static string Text<T>(T value) where T : INumber<T> => value.ToString(null, CultureInfo.InvariantCulture);
}
