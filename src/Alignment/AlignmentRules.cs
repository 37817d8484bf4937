using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>What the rules see of a saved tensor, whether libtorch holds it or an array does.</summary>
/// <param name="Shape">Its sizes.</param>
/// <param name="Type">Of its elements.</param>
/// <param name="IsFinite">Whether all of them are finite; asked of float64 only.</param>
/// <param name="Values">Its elements, row-major; asked of few and of float64 only.</param>
internal sealed record SavedTensor(IReadOnlyList<long> Shape, ScalarType Type, Func<bool> IsFinite, Func<double[]> Values);

/// <summary>What a saved alignment is held to before anything is made of it: anyone may have written the file.</summary>
internal static class AlignmentRules
{
    /// <summary>What the names of a side's tensors begin with.</summary>
    public const string PrefixA = "a.", PrefixB = "b.";

    /// <summary>Names of the tensors that hold a side's scalars.</summary>
    public const string Numbers = "numbers", TransportNumbers = "transport.numbers";

    private const int LargestWidth = 1 << 20;

    /// <summary>Checks names, shapes, types and values of both sides.</summary>
    /// <returns>Width of the embeddings, and of the rows that each side takes.</returns>
    /// <exception cref="InvalidDataException">A tensor is missing or unknown, or its shape, type or value cannot be.</exception>
    public static (long Width, long DimensionA, long DimensionB) Check(IReadOnlyDictionary<string, SavedTensor> state)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        var (a, b) = (new SideRules(state, PrefixA, known).Check(), new SideRules(state, PrefixB, known).Check());
        // Whoever wrote more meant more: the maps alone would give other embeddings.
        if (state.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
            throw new InvalidDataException($"Saved alignment: tensor '{unknown}' is not one of an alignment.");
        if (a.Width != b.Width || (a.Natural, a.HasCut) != (b.Natural, b.HasCut))
            throw new InvalidDataException(
                $"Saved alignment: the sides have widths {a.Natural} -> {a.Width} and {b.Natural} -> {b.Width}; expected the same.");
        return (a.Width, a.Dimension, b.Dimension);
    }

    private readonly record struct Sizes(long Dimension, long Natural, long Width, bool HasCut);

    private sealed class SideRules(IReadOnlyDictionary<string, SavedTensor> state, string prefix, HashSet<string> known)
    {
        public Sizes Check()
        {
            var numbers = Take(Numbers, 8).Values();
            var basis = Take("basis", -1, -1).Shape;
            var (dimension, components) = (basis[0], basis[1]);
            var natural = Map("", components);
            Number(numbers[2], "linear weight", 0, double.MaxValue);
            Number(numbers[3], "kernel weight", 0, double.MaxValue);
            if (Has("transport.linear"))
            {
                var weights = Take(TransportNumbers, 2).Values();
                natural += weights[0] >= 0 && weights[1] >= 0 && weights[0] + weights[1] > 0
                    ? Map("transport.", components)
                    : throw new InvalidDataException(FormattableString.Invariant(
                        $"Saved alignment: '{prefix}{TransportNumbers}' says weights {weights[0]} and {weights[1]}; expected 0 or more, not both 0."));
            }
            if (Has("spectral.bank"))
            {
                var rows = Take("spectral.bank", -1, components).Shape[0];
                var coordinates = Take("spectral.coordinates", rows, -1).Shape[1];
                var map = Take("spectral.map", coordinates, -1).Shape[1];
                Take("spectral.scales", rows);
                Count(numbers[5], "spectral neighbours", int.MaxValue);
                Take("spectral.bias", map);
                Number(numbers[4], "spectral weight", 0, double.MaxValue);
                natural += map;
            }
            Take("mean", dimension);
            var width = Count(numbers[0], "width", LargestWidth);
            if (Has("smoothing.bank"))
            {
                var rows = Take("smoothing.bank", -1, components).Shape[0];
                Take("smoothing.embeddings", rows, natural);
                Number(numbers[6], "smoothing weight", 0, double.MaxValue);
                Count(numbers[7], "smoothing neighbours", int.MaxValue);
            }
            var hasCut = Has("cut");
            if (hasCut)
                Take("cut", natural, width);
            return (hasCut || natural <= width) && numbers[1] > 0
                ? new Sizes(dimension, natural, width, hasCut)
                : throw new InvalidDataException(FormattableString.Invariant(
                    $"Saved alignment: '{prefix}{Numbers}' says width {numbers[0]} and bandwidth {numbers[1]}, which do not fit the maps of width {natural}."));
        }

        private bool Has(string name) => state.ContainsKey(prefix + name);

        private long Map(string part, long components)
        {
            var linear = Take(part + "linear", components, -1).Shape[1];
            var anchors = Take(part + "anchors", -1, components).Shape[0];
            var kernel = Take(part + "kernel", anchors, -1).Shape[1];
            Take(part + "linear.bias", linear);
            Take(part + "kernel.bias", kernel);
            return linear + kernel;
        }

        // A negative size stands for any.
        private SavedTensor Take(string name, params long[] shape)
        {
            known.Add(prefix + name);
            if (!state.TryGetValue(prefix + name, out var value))
                throw new InvalidDataException($"Saved alignment: tensor '{prefix + name}' is missing.");
            if (value.Type != ScalarType.Float64 || value.Shape.Count != shape.Length || shape.Where((size, i) => size >= 0 && size != value.Shape[i]).Any())
                throw new InvalidDataException(
                    $"Saved alignment: tensor '{prefix + name}': expected float64 [{string.Join(", ", shape)}] (-1 for any), found {value.Type} "
                        + $"[{string.Join(", ", value.Shape)}].");
            return value.IsFinite() ? value : throw new InvalidDataException($"Saved alignment: tensor '{prefix + name}' has values that are not finite.");
        }

        private double Number(double number, string what, double least, double most) => number >= least && number <= most
            ? number
            : throw new InvalidDataException(
                FormattableString.Invariant($"Saved alignment: '{prefix}{Numbers}' says {what} {number}; expected {least} to {most}."));

        private long Count(double number, string what, long most) => Number(number, what, 1, most) == Math.Floor(number)
            ? (long)number
            : throw new InvalidDataException(
                FormattableString.Invariant($"Saved alignment: '{prefix}{Numbers}' says {what} {number}; expected a whole number."));
    }
}
