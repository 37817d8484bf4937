using Microsoft.ML.GentleClip.Weights;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Finds an encoder's network among the weights of a model saved by this library.</summary>
internal static class TowerWeights
{
    private const string Marker = ".encoder.model.";

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
