using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>The saved form of an alignment: tensors 'a.mean', 'b.kernel' and so on, all float64; each side's scalars are one more, 'a.numbers'.</summary>
internal static class AlignmentState
{
    private const string PrefixA = "a.", PrefixB = "b.", Numbers = "numbers", TransportNumbers = "transport.numbers";

    /// <summary>The tensors of both sides under their full names.</summary>
    public static IEnumerable<KeyValuePair<string, Tensor>> Tensors(SideAlignment a, SideAlignment b) =>
        a.Tensors.Select(tensor => KeyValuePair.Create(PrefixA + tensor.Key, tensor.Value))
            .Concat(b.Tensors.Select(tensor => KeyValuePair.Create(PrefixB + tensor.Key, tensor.Value)));

    /// <summary>New handles on the tensors, and the numbers.</summary>
    public static IReadOnlyDictionary<string, Tensor> Save(SideAlignment a, SideAlignment b)
    {
        var state = new SortedDictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (name, value) in Tensors(a, b))
            state.Add(name, value.alias());
        foreach (var (prefix, side) in new[] { (PrefixA, a), (PrefixB, b) })
        {
            if (side.Transport is { } transport)
                state.Add(prefix + TransportNumbers, tensor(new[] { transport.LinearWeight, transport.KernelWeight }));
            state.Add(prefix + Numbers, tensor(new[]
            {
                side.Width, side.Recipe.Bandwidth, side.Recipe.LinearWeight, side.Recipe.KernelWeight,
                side.Spectral?.Weight ?? 0, side.Spectral?.Graph.Neighbours ?? 0, side.Smoothing?.Weight ?? 0, side.Smoothing?.Neighbours ?? 0,
            }));
        }
        return state;
    }

    /// <summary>Both sides with copies of the tensors, which belong to the open dispose scope.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing or unknown, or its shape, type or value cannot be.</exception>
    public static (SideAlignment A, SideAlignment B) Load(IReadOnlyDictionary<string, Tensor> state)
    {
        var (a, b) = (LoadSide(state, PrefixA), LoadSide(state, PrefixB));
        // Whoever wrote more meant more: the maps alone would give other embeddings.
        var others = state.Keys.Except(Tensors(a, b).Select(tensor => tensor.Key));
        if (others.FirstOrDefault(name => !IsNumbers(name, PrefixA, a) && !IsNumbers(name, PrefixB, b)) is { } unknown)
            throw new InvalidDataException($"Saved alignment: tensor '{unknown}' is not one of an alignment.");
        if (a.Width != b.Width || (a.NaturalWidth, a.Cut is null) != (b.NaturalWidth, b.Cut is null))
            throw new InvalidDataException(
                $"Saved alignment: the sides have widths {a.NaturalWidth} -> {a.Width} and {b.NaturalWidth} -> {b.Width}; expected the same.");
        return (a, b);
    }

    private static bool IsNumbers(string name, string prefix, SideAlignment side) =>
        name == prefix + Numbers || (name == prefix + TransportNumbers && side.Transport is not null);

    private static SideAlignment LoadSide(IReadOnlyDictionary<string, Tensor> state, string prefix)
    {
        // A negative size stands for any.
        Tensor Take(string name, params long[] shape)
        {
            if (!state.TryGetValue(prefix + name, out var value))
                throw new InvalidDataException($"Saved alignment: tensor '{prefix + name}' is missing.");
            if (value.dtype != ScalarType.Float64 || value.dim() != shape.Length || shape.Where((size, i) => size >= 0 && size != value.size(i)).Any())
                throw new InvalidDataException(
                    $"Saved alignment: tensor '{prefix + name}': expected float64 [{string.Join(", ", shape)}] (-1 for any), found {value.dtype} "
                        + $"[{string.Join(", ", value.shape)}].");
            if (!value.isfinite().all().item<bool>())
                throw new InvalidDataException($"Saved alignment: tensor '{prefix + name}' has values that are not finite.");
            return value.detach().clone();
        }

        bool Has(string name) => state.ContainsKey(prefix + name);
        var numbers = Take(Numbers, 8).cpu().data<double>().ToArray();
        // Written by us as they are; read from a file that anyone may have written.
        double Number(int index, string what, double least, double most) => numbers[index] is var number && number >= least && number <= most
            ? number
            : throw new InvalidDataException(
                FormattableString.Invariant($"Saved alignment: '{prefix}{Numbers}' says {what} {number}; expected {least} to {most}."));
        int Count(int index, string what, long most) => Number(index, what, 1, most) is var number && number == Math.Floor(number)
            ? (int)number
            : throw new InvalidDataException(
                FormattableString.Invariant($"Saved alignment: '{prefix}{Numbers}' says {what} {number}; expected a whole number."));
        var basis = Take("basis", -1, -1);
        var (dimension, components) = (basis.size(0), basis.size(1));
        RecipeMap Map(string part, double linearWeight, double kernelWeight)
        {
            var (linear, anchors) = (Take(part + "linear", components, -1), Take(part + "anchors", -1, components));
            var kernel = Take(part + "kernel", anchors.size(0), -1);
            var (linearBias, kernelBias) = (Take(part + "linear.bias", linear.size(1)), Take(part + "kernel.bias", kernel.size(1)));
            return new RecipeMap(linear, linearBias, anchors, kernel, kernelBias, numbers[1], linearWeight, kernelWeight);
        }
        var recipe = Map("", Number(2, "linear weight", 0, double.MaxValue), Number(3, "kernel weight", 0, double.MaxValue));
        RecipeMap? transport = null;
        if (Has("transport.linear"))
        {
            var weights = Take(TransportNumbers, 2).cpu().data<double>().ToArray();
            transport = weights[0] >= 0 && weights[1] >= 0 && weights[0] + weights[1] > 0
                ? Map("transport.", weights[0], weights[1])
                : throw new InvalidDataException(FormattableString.Invariant(
                    $"Saved alignment: '{prefix}{TransportNumbers}' says weights {weights[0]} and {weights[1]}; expected 0 or more, not both 0."));
        }
        SpectralMap? spectral = null;
        if (Has("spectral.bank"))
        {
            var bank = Take("spectral.bank", -1, components);
            var coordinates = Take("spectral.coordinates", bank.size(0), -1);
            var map = Take("spectral.map", coordinates.size(1), -1);
            spectral = new SpectralMap(new SpectralGraph(bank, Take("spectral.scales", bank.size(0)), coordinates,
                Count(5, "spectral neighbours", int.MaxValue)), map, Take("spectral.bias", map.size(1)), Number(4, "spectral weight", 0, double.MaxValue));
        }
        var side = new SideAlignment(Take("mean", dimension), basis, recipe, transport, spectral, null, null, Count(0, "width", 1 << 20));
        if (Has("smoothing.bank"))
        {
            var bank = Take("smoothing.bank", -1, components);
            side =
                side with
                {
                    Smoothing = new SmoothingBank(bank, Take("smoothing.embeddings", bank.size(0), side.NaturalWidth),
                    Number(6, "smoothing weight", 0, double.MaxValue), Count(7, "smoothing neighbours", int.MaxValue))
                };
        }
        if (Has("cut"))
            side = side with { Cut = Take("cut", side.NaturalWidth, side.Width) };
        return side.Width >= 1 && (side.Cut is not null || side.NaturalWidth <= side.Width) && numbers[1] > 0
            ? side
            : throw new InvalidDataException(
                $"Saved alignment: '{prefix}{Numbers}' says width {numbers[0]} and bandwidth {numbers[1]}, which do not fit the maps of width "
                    + $"{side.NaturalWidth}.");
    }
}
