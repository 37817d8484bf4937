using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Finds an encoder's network among the weights of a model saved by this library.</summary>
internal static class TowerWeights
{
    private const string Marker = ".encoder.model.";

    /// <summary>
    /// Moves an encoder's weights to a dictionary with its module's names: those of a tower of a model saved by this library, or of a file of any form.
    /// </summary>
    /// <param name="tensors">Empty afterwards.</param>
    /// <param name="layout">The encoder's.</param>
    /// <param name="anchor">Name of a weight that no other network has, as its module has it.</param>
    /// <param name="request">The user's key; takes notes.</param>
    /// <param name="what">What both towers must not do, for messages.</param>
    /// <exception cref="InvalidDataException">Both towers have such a network, or the file is ambiguous.</exception>
    public static StateDict Resolve(
        StateDict tensors, WeightLayout layout, string anchor, WeightRequest? request, string what = "have such a network") =>
        request?.Key is null && Take(tensors, anchor, what) is { } own ? own : WeightResolver.Resolve(tensors, layout, request);

    /// <summary>Loads what <see cref="Resolve"/> gave, strictly within the encoder; heads and doubles that it does not have are noted.</summary>
    /// <exception cref="InvalidDataException">The weights do not fit.</exception>
    public static void Load(
        nn.Module module, IReadOnlyDictionary<string, Tensor> tensors, string source, WeightLayout layout, WeightRequest? request = null)
    {
        var unused = StateDictLoader.Load(module, tensors, source, name => !layout.IsBody(name));
        request?.NoteLeftOut(source, unused);
    }

    /// <summary>
    /// Moves the weights of the tower that has a network with a weight of some name to a dictionary without the tower's prefix; null, and nothing moved,
    /// where no tower has.
    /// </summary>
    /// <param name="tensors">Empty afterwards, but where the result is null.</param>
    /// <param name="name">Of a weight that no other network has.</param>
    /// <param name="what">What both towers must not do, for messages.</param>
    /// <exception cref="InvalidDataException">Both towers have.</exception>
    public static StateDict? Take(StateDict tensors, string name, string what = "have such a network")
    {
        var found = tensors.Keys.Where(key => key.EndsWith(Marker + name, StringComparison.Ordinal)).ToArray();
        if (found.Length == 0)
            return null;
        if (found.Length > 1)
            throw new InvalidDataException($"{tensors.Source}: both towers {what} ({string.Join(", ", found)}); expected one.");
        var prefix = found[0][..^name.Length];
        var (source, metadata) = (tensors.Source, tensors.Metadata);
        var all = tensors.Take().ToLookup(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal));
        foreach (var (_, tensor) in all[false])
            tensor.Dispose();
        return new StateDict(source, all[true].Select(entry => KeyValuePair.Create(entry.Key[prefix.Length..], entry.Value)), metadata);
    }
}
