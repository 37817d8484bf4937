using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>Copies named tensors into a module's parameters and buffers, strictly: all of them fit, or nothing is copied.</summary>
internal static class StateDictLoader
{
    private const int MaximumListed = 20;
    private const string LoraAdvice = " The file holds adapters (LoRA) beside the weights: merge them first, for example with PEFT's merge_and_unload().";

    /// <summary>Copies a whole file's tensors.</summary>
    /// <inheritdoc cref="Load(nn.Module, IReadOnlyDictionary{string, Tensor}, string, Func{string, bool}?)"/>
    public static IReadOnlyCollection<string> Load(nn.Module module, StateDict tensors, Func<string, bool>? ignore = null) =>
        Load(module, tensors, tensors.Source, ignore);

    /// <summary>Copies the values; devices may differ, and so may the precision of floating-point types. Autograd sees nothing of it.</summary>
    /// <param name="module">Parameters and persistent buffers, by their names in <c>state_dict()</c>, are overwritten.</param>
    /// <param name="tensors">By those names.</param>
    /// <param name="source">File or zip entry, for messages.</param>
    /// <param name="ignore">Names among <paramref name="tensors"/> that the module need not have.</param>
    /// <returns>Names of <paramref name="tensors"/> that were not used.</returns>
    /// <exception cref="InvalidDataException">Lists every name that is missing, unexpected, or of another shape or type.</exception>
    public static IReadOnlyCollection<string> Load(
        nn.Module module, IReadOnlyDictionary<string, Tensor> tensors, string source, Func<string, bool>? ignore = null)
    {
        var targets = module.state_dict();
        var misfits = new List<string>();
        var pairs = new List<(Tensor Target, Tensor Value)>();
        foreach (var (name, target) in targets)
        {
            if (!tensors.TryGetValue(name, out var value))
                continue;
            if (!target.shape.SequenceEqual(value.shape))
                misfits.Add($"'{name}' (shape [{string.Join(", ", target.shape)}] expected, found [{string.Join(", ", value.shape)}])");
            else if (target.dtype != value.dtype && !(target.is_floating_point() && value.is_floating_point()))
                misfits.Add($"'{name}' ({target.dtype} expected, found {value.dtype})");
            else
                pairs.Add((target, value));
        }
        var missing = targets.Keys.Where(name => !tensors.ContainsKey(name)).Select(Quote).ToList();
        var unexpected = tensors.Keys.Where(name => !targets.ContainsKey(name) && ignore?.Invoke(name) != true).Select(Quote).ToList();
        if (missing.Count + unexpected.Count + misfits.Count > 0)
            throw new InvalidDataException(
                $"{source}: the weights do not fit "
                    + $"{module.GetName()}.{List("Missing", missing)}{List("Unexpected", unexpected)}{List("Of another shape or type", misfits)}"
                    + (tensors.Keys.Any(name => name.Contains(".lora_A.", StringComparison.Ordinal)) ? LoraAdvice : ""));
        using var noGradient = no_grad();
        foreach (var (target, value) in pairs)
            target.copy_(value);
        return [.. tensors.Keys.Where(name => !targets.ContainsKey(name))];
    }

    private static string Quote(string name) => $"'{name}'";

    private static string List(string title, List<string> names)
    {
        if (names.Count == 0)
            return "";
        names.Sort(StringComparer.Ordinal);
        var more = names.Count > MaximumListed ? $" and {names.Count - MaximumListed} more" : "";
        return $" {title}: {string.Join(", ", names.Take(MaximumListed))}{more}.";
    }
}
