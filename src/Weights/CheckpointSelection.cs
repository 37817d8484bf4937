using System.Globalization;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>Finds the dictionary of tensors in what a checkpoint's pickle holds.</summary>
internal static class CheckpointSelection
{
    private const int MaximumDepth = 16, MaximumNameLength = 1000, MaximumTensors = 100_000, MaximumTexts = 1000;

    /// <summary>Where training programs put the weights, in the order of search.</summary>
    private static readonly string[] UsualKeys = ["model", "state_dict", "model_state_dict", "module"];

    /// <summary>
    /// The tensors by name; dictionaries within give dotted names, other values are left out. Without a path, the entry <c>model</c>,
    /// <c>state_dict</c>, <c>model_state_dict</c> or <c>module</c> that is a dictionary with tensors, else the whole if it has tensors of its own.
    /// </summary>
    /// <param name="root">What the pickle makes.</param>
    /// <param name="path">Keys that lead to the dictionary; empty to search.</param>
    /// <param name="source">File, for messages.</param>
    /// <exception cref="InvalidDataException">No such dictionary; lists the keys that are there.</exception>
    public static (IReadOnlyList<KeyValuePair<string, PickledTensor>> Tensors, IReadOnlyDictionary<string, string> Texts) Select(
        object? root, IReadOnlyList<string> path, string source)
    {
        var whole = Whole(root, source);
        var (chosen, where) = (whole, source);
        foreach (var key in path)
        {
            if (!chosen.Items.TryGetValue(key, out var value) || value is not PickleDictionary inner)
                throw new InvalidDataException($"{where}: no dictionary '{key}'; keys found: {Shown.List([.. chosen.Items.Keys])}.");
            (chosen, where) = (inner, $"{where}: '{key}'");
        }
        if (path.Count == 0)
            chosen = UsualKeys.Select(key => whole.Items.GetValueOrDefault(key) as PickleDictionary)
                .FirstOrDefault(inner => inner is not null && Collect(inner, source).Count > 0)
                ?? (whole.Items.Values.Any(value => value is PickledTensor) ? whole : null)
                ?? throw new InvalidDataException(
                    $"{source}: no dictionary of tensors at the top or under {Shown.List(UsualKeys)}; keys found: {Shown.List([.. whole.Items.Keys])}."
                        + Refusals(whole));
        var tensors = Collect(chosen, where);
        return tensors.Count > 0
            ? (tensors, Texts(whole, chosen))
            : throw new InvalidDataException($"{where}: the dictionary has no tensors; keys found: {Shown.List([.. chosen.Items.Keys])}.{Refusals(chosen)}");
    }

    /// <summary>
    /// The tensors of an architecture, or those under the user's key, by the dotted names of the whole checkpoint, wherever in it they are.
    /// </summary>
    /// <param name="root">What the pickle makes.</param>
    /// <param name="request">What to look for; takes notes.</param>
    /// <param name="source">File, for messages.</param>
    /// <exception cref="InvalidDataException">
    /// Nothing under the user's key, several places of the same rank, or a tensor that is wanted depends on a value that is refused.
    /// </exception>
    public static (IReadOnlyList<KeyValuePair<string, PickledTensor>> Tensors, IReadOnlyDictionary<string, string> Texts) Select(
        object? root, WeightRequest request, string source)
    {
        var whole = Whole(root, source);
        var values = Flatten(whole, source);
        var choice = request.Layout is { } layout ? WeightResolver.Choose([.. values.Keys], layout, request, source) : null;
        if (choice is null && request.Key is null)
            return Select(root, [], source);
        var prefix = choice?.Prefix ?? request.Key + ".";
        var tensors = new List<KeyValuePair<string, PickledTensor>>();
        foreach (var (name, value) in values.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            if (value is PickledTensor tensor)
                tensors.Add(new(name, tensor));
            else if (choice is null || choice.Form.Map.Rename(name[prefix.Length..]) is { } own && request.Layout!.IsBody(own))
                throw new InvalidDataException($"{source}: '{Shown.Name(name)}': {((PickleForeign)value).Refusal}.");
        }
        request.NoteLeftOut(source,
            [.. values.Where(entry => entry.Value is PickledTensor && !entry.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(entry => entry.Key)]);
        return tensors.Count > 0
            ? (tensors, Texts(whole, whole))
            : throw new InvalidDataException($"{source}: no tensors under the key '{Shown.Name(request.Key!)}'; names found: {Shown.List(values.Keys)}.");
    }

    private static PickleDictionary Whole(object? root, string source) => root as PickleDictionary
        ?? throw new InvalidDataException(root is PickleForeign foreign
            ? $"{source}: {foreign.Refusal}."
            : $"{source}: expected a dictionary of tensors, found {Describe(root)}.");

    private static string Refusals(PickleDictionary dictionary) =>
        dictionary.Items.FirstOrDefault(entry => entry.Value is PickleForeign) is { Value: PickleForeign foreign } entry
            ? $" '{Shown.Name(entry.Key)}': {foreign.Refusal}."
            : "";

    // Every tensor, and every value that is not read, by dotted name; a dictionary that is reached twice counts where it is reached first.
    private static OrderedDictionary<string, object> Flatten(PickleDictionary whole, string source)
    {
        var found = new OrderedDictionary<string, object>(StringComparer.Ordinal);
        var seen = new HashSet<PickleDictionary>(ReferenceEqualityComparer.Instance);
        Walk(whole, "", 0);
        return found;

        void Walk(PickleDictionary current, string prefix, int depth)
        {
            if (depth > MaximumDepth || !seen.Add(current))
                return;
            foreach (var (key, value) in current.Items)
            {
                if (value is not (PickledTensor or PickleDictionary or PickleForeign))
                    continue;
                var name = prefix + key;
                if (name.Length > MaximumNameLength || found.Count >= MaximumTensors)
                    throw new InvalidDataException(
                        $"{source}: more than {MaximumTensors} tensors, or a name of more than {MaximumNameLength} characters: '{Shown.Name(name)}'.");
                if (value is PickleDictionary inner)
                    Walk(inner, name + ".", depth + 1);
                else if (!found.TryAdd(name, value))
                    throw new InvalidDataException($"{source}: two tensors '{Shown.Name(name)}', one of them in a dictionary within.");
            }
        }
    }

    private static List<KeyValuePair<string, PickledTensor>> Collect(PickleDictionary dictionary, string source)
    {
        var found = new List<KeyValuePair<string, PickledTensor>>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var seen = new HashSet<PickleDictionary>(ReferenceEqualityComparer.Instance);
        Walk(dictionary, "", 0);
        return found;

        void Walk(PickleDictionary current, string prefix, int depth)
        {
            if (!seen.Add(current) || depth > MaximumDepth)
                throw new InvalidDataException(
                    $"{source}: '{Shown.Name(prefix)}' is a dictionary "
                        + $"{(depth > MaximumDepth ? $"more than {MaximumDepth} levels deep" : "that is reached twice")}.");
            if (current.HasOtherKeys && current.Items.Count > 0)
                throw new InvalidDataException($"{source}: '{Shown.Name(prefix)}' is a dictionary with keys that are not text.");
            foreach (var (key, value) in current.Items)
            {
                if (value is not (PickledTensor or PickleDictionary))
                    continue;
                var name = prefix + key;
                if (name.Length > MaximumNameLength || found.Count >= MaximumTensors)
                    throw new InvalidDataException(
                        $"{source}: more than {MaximumTensors} tensors, or a name of more than {MaximumNameLength} characters: '{Shown.Name(name)}'.");
                if (value is PickledTensor tensor)
                    found.Add(names.Add(name) ? new(name, tensor)
                        : throw new InvalidDataException($"{source}: two tensors '{Shown.Name(name)}', one of them in a dictionary within."));
                else
                    Walk((PickleDictionary)value, name + ".", depth + 1);
            }
        }
    }

    // Texts, numbers and truth values outside of the chosen dictionary, by dotted name: settings that help to build the module.
    private static Dictionary<string, string> Texts(PickleDictionary whole, PickleDictionary chosen)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        var seen = new HashSet<PickleDictionary>(ReferenceEqualityComparer.Instance);
        Walk(whole, "", 0);
        return texts;

        void Walk(PickleDictionary current, string prefix, int depth)
        {
            if (depth > MaximumDepth || current == chosen && depth > 0 || current != chosen && !seen.Add(current))
                return;
            foreach (var (key, value) in current.Items)
            {
                if (prefix.Length + key.Length > MaximumNameLength || texts.Count >= MaximumTexts)
                    continue;
                if (value is PickleDictionary inner)
                    Walk(inner, $"{prefix}{key}.", depth + 1);
                else if (value is string { Length: <= MaximumNameLength } or long or double or bool)
                    texts.TryAdd(prefix + key, Convert.ToString(value, CultureInfo.InvariantCulture)!);
            }
        }
    }

    private static string Describe(object? value) => value switch
    {
        null => "None",
        PickledTensor => "a single tensor",
        List<object?> => "a list",
        object?[] => "a tuple",
        string => "a text",
        PickleOpaque opaque => opaque.Kind,
        _ => $"a value of type {value.GetType().Name}",
    };
}
