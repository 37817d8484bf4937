namespace Microsoft.ML.GentleClip.Weights;

/// <summary>
/// Finds an architecture's weights among the names of a file: by its anchors, behind whatever prefix and in whatever dictionary of the file they are.
/// </summary>
internal static class WeightResolver
{
    // Where training programs put the weights that one wants, best first. Empty: at the top.
    private static readonly string[] Usual = ["model", "state_dict", "model_state_dict", "module", "", "net"];

    // Doubles of the weights, from the one that one wants most to the least; beside them, those that are none come first.
    private static readonly string[][] Doubles =
    [
        ["teacher"], ["ema", "state_dict_ema", "model_ema", "ema_model", "ema_state_dict"], ["student"],
        ["encoder_k", "key_encoder", "momentum", "momentum_encoder", "momentum_backbone", "backbone_momentum", "target", "target_network", "target_encoder"],
    ];

    /// <summary>Decides; null where no name is an anchor.</summary>
    /// <param name="names">All names of the file, dotted where dictionaries lie in each other.</param>
    /// <param name="layout">The architecture.</param>
    /// <param name="request">The user's key; takes the note of what was chosen.</param>
    /// <param name="source">File, for messages.</param>
    /// <exception cref="InvalidDataException">Nothing under the user's key, or several places of the same rank and no key.</exception>
    public static WeightChoice? Choose(IReadOnlyCollection<string> names, WeightLayout layout, WeightRequest? request, string source)
    {
        var all = new HashSet<string>(names, StringComparer.Ordinal);
        var found = new List<(string Prefix, WeightForm Form)>();
        foreach (var name in names)
            foreach (var form in layout.Forms)
                if (EndsAtPoint(name, form.Anchor))
                    found.Add((name[..^form.Anchor.Length], form));
        var whole = found.Where(place => all.Contains(place.Prefix + place.Form.Companion)).ToList();
        if (whole.Count > 0)
            found = whole;
        var ranked = found.Select(place => (Place: place, Rank: Rank(place.Prefix))).OrderBy(entry => entry.Rank)
            .ThenBy(entry => entry.Place.Prefix, StringComparer.Ordinal).ToList();
        if (request?.Key is { } key)
        {
            var below = ranked.Where(entry => entry.Place.Prefix == key + "." || entry.Place.Prefix.StartsWith(key + ".", StringComparison.Ordinal)).ToList();
            if (below.Count == 0)
                throw new InvalidDataException($"{source}: no weights of {layout.Name} under the key '{Shown.Name(key)}'; "
                    + (ranked.Count > 0 ? $"found some under {Prefixes(ranked.Select(entry => entry.Place.Prefix))}." : $"names found: {Shown.List(names)}."));
            ranked = below;
        }
        if (ranked.Count == 0)
            return null;
        var best = ranked[0];
        if (whole.Count > 0 && ranked.Count > 1 && ranked[1].Rank.CompareTo(best.Rank) == 0)
            throw new InvalidDataException($"{source}: weights of {layout.Name} in several places: "
                + $"{Prefixes(ranked.Select(entry => entry.Place.Prefix))}; say with WeightsKey which are meant.");
        var prefix = Outer(best.Place.Prefix, best.Place.Form);
        if (prefix.Length > 0 || ranked.Count > 1)
            request?.Note($"{source}: took the weights under {Prefixes([best.Place.Prefix])}"
                + (ranked.Count > 1 ? $"; others are under {Prefixes(ranked.Skip(1).Select(entry => entry.Place.Prefix))}" : "") + ".");
        var choice = new WeightChoice(prefix, best.Place.Form);
        if (request is not null)
            request.Choice = choice;
        return choice;
    }

    /// <summary>Moves the weights, without copying, to a dictionary with the module's names; those of other parts are freed and noted.</summary>
    /// <param name="tensors">Empty afterwards.</param>
    /// <param name="layout">The architecture.</param>
    /// <param name="request">The user's key; takes notes.</param>
    /// <exception cref="InvalidDataException">As for <see cref="Choose"/>, or two names mean the same.</exception>
    public static StateDict Resolve(StateDict tensors, WeightLayout layout, WeightRequest? request = null)
    {
        var choice = request?.Choice ?? Choose([.. tensors.Keys], layout, request, tensors.Source) ?? new WeightChoice("", layout.Forms[0]);
        var others = tensors.Keys.Where(name => !name.StartsWith(choice.Prefix, StringComparison.Ordinal)).ToList();
        using var below = Below(tensors, choice.Prefix);
        var resolved = choice.Form.Map.Apply(below, out var ignored);
        request?.NoteLeftOut(tensors.Source, [.. others, .. ignored]);
        return resolved;
    }

    /// <summary>Whether a name is another one, or ends with it behind a point.</summary>
    public static bool EndsAtPoint(string name, string end) => name.EndsWith(end, StringComparison.Ordinal)
        && (name.Length == end.Length || name[^(end.Length + 1)] == '.');

    /// <summary>Moves the tensors whose names have a prefix to a dictionary without it, and frees the others.</summary>
    public static StateDict Below(StateDict tensors, string prefix)
    {
        var (source, metadata) = (tensors.Source, tensors.Metadata);
        var all = tensors.Take().ToLookup(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal));
        foreach (var (_, tensor) in all[false])
            tensor.Dispose();
        return new StateDict(source, all[true].Select(entry => KeyValuePair.Create(entry.Key[prefix.Length..], entry.Value)), metadata);
    }

    private static string Outer(string prefix, WeightForm form)
    {
        foreach (var inner in form.Inner)
            if (EndsAtPoint(prefix, inner))
                return prefix[..^inner.Length];
        return prefix;
    }

    private static (int Double, int Place) Rank(string prefix)
    {
        var segments = prefix.TrimEnd('.').Split('.');
        var kind = segments.Max(segment => Array.FindIndex(Doubles, group => group.Contains(segment, StringComparer.Ordinal)) + 1);
        var place = Array.IndexOf(Usual, segments[0]);
        return (kind, place < 0 ? Usual.Length : place);
    }

    private static string Prefixes(IEnumerable<string> prefixes) =>
        Shown.List([.. prefixes.Select(prefix => prefix.Length == 0 ? "the top" : prefix.TrimEnd('.')).Distinct(StringComparer.Ordinal)]);
}
