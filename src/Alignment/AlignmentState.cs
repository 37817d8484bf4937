using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>The saved form of an alignment: tensors 'a.mean', 'b.kernel' and so on, all float64; each side's scalars are one more, 'a.numbers'.</summary>
internal static class AlignmentState
{
    private const string PrefixA = AlignmentRules.PrefixA, PrefixB = AlignmentRules.PrefixB, Numbers = AlignmentRules.Numbers,
        TransportNumbers = AlignmentRules.TransportNumbers;

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
        AlignmentRules.Check(state.ToDictionary(entry => entry.Key, entry => Saved(entry.Value)));
        return (LoadSide(state, PrefixA), LoadSide(state, PrefixB));
    }

    private static SavedTensor Saved(Tensor tensor) => new(tensor.shape, tensor.dtype, () =>
    {
        using var scope = NewDisposeScope();
        return tensor.isfinite().all().item<bool>();
    }, () => Values(tensor));

    private static double[] Values(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.cpu().data<double>().ToArray();
    }

    // Of a state that the rules have passed.
    private static SideAlignment LoadSide(IReadOnlyDictionary<string, Tensor> state, string prefix)
    {
        Tensor Take(string name) => state[prefix + name].detach().clone();
        bool Has(string name) => state.ContainsKey(prefix + name);
        var numbers = Values(state[prefix + Numbers]);
        RecipeMap Map(string part, double linearWeight, double kernelWeight) => new(
            Take(part + "linear"), Take(part + "linear.bias"), Take(part + "anchors"), Take(part + "kernel"), Take(part + "kernel.bias"), numbers[1],
            linearWeight, kernelWeight);
        var recipe = Map("", numbers[2], numbers[3]);
        var weights = Has("transport.linear") ? Values(state[prefix + TransportNumbers]) : null;
        var transport = weights is null ? null : Map("transport.", weights[0], weights[1]);
        var spectral = !Has("spectral.bank") ? null : new SpectralMap(
            new SpectralGraph(Take("spectral.bank"), Take("spectral.scales"), Take("spectral.coordinates"), (int)numbers[5]), Take("spectral.map"),
            Take("spectral.bias"), numbers[4]);
        var smoothing = !Has("smoothing.bank") ? null
            : new SmoothingBank(Take("smoothing.bank"), Take("smoothing.embeddings"), numbers[6], (int)numbers[7]);
        return new SideAlignment(
            Take("mean"), Take("basis"), recipe, transport, spectral, smoothing, Has("cut") ? Take("cut") : null, (int)numbers[0]);
    }
}
