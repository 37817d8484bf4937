using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Weights;

/// <summary>
/// Rules that turn the names of a weight file into those of a module. They apply in the order in which they were added, each to the result of those before.
/// </summary>
internal sealed class NameMap
{
    private const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.NonBacktracking; // names come from files: time must be linear

    private readonly List<(Regex Pattern, string? Replacement)> _rules = [];
    private readonly List<(string First, string Second)> _ties = [];

    /// <summary>Takes a prefix away where there is one.</summary>
    public NameMap Strip(string prefix) => Replace("^" + Regex.Escape(prefix), "");

    /// <summary>Replaces what a regular expression matches; <c>$1</c> stands for its first group.</summary>
    public NameMap Replace([StringSyntax(StringSyntaxAttribute.Regex)] string pattern, string replacement)
    {
        _rules.Add((new Regex(pattern, Options), replacement));
        return this;
    }

    /// <summary>Leaves names out that match: the module does not need them.</summary>
    public NameMap Ignore([StringSyntax(StringSyntaxAttribute.Regex)] string pattern)
    {
        _rules.Add((new Regex(pattern, Options), null));
        return this;
    }

    /// <summary>Says that two names of the result are one matrix: a file that has one of them has both. One that has both keeps them as they are.</summary>
    public NameMap Tie(string first, string second)
    {
        _ties.Add((first, second));
        return this;
    }

    /// <summary>The new name, or null if it is left out.</summary>
    public string? Rename(string name)
    {
        foreach (var (pattern, replacement) in _rules)
        {
            if (replacement is not null)
                name = pattern.Replace(name, replacement);
            else if (pattern.IsMatch(name))
                return null;
        }
        return name;
    }

    /// <summary>Moves the tensors, without copying, to a dictionary with the new names. If it throws, nothing was moved.</summary>
    /// <param name="tensors">Empty afterwards.</param>
    /// <param name="ignored">Old names that were left out, their tensors freed.</param>
    /// <exception cref="InvalidDataException">Lists names that fall together.</exception>
    public StateDict Apply(StateDict tensors, out IReadOnlyList<string> ignored)
    {
        var names = tensors.Keys.Select(name => (Old: name, New: Rename(name))).ToArray();
        var twice = names.Where(name => name.New is not null).GroupBy(name => name.New, StringComparer.Ordinal).Where(group => group.Count() > 1).ToArray();
        if (twice.Length > 0)
            throw new InvalidDataException($"{tensors.Source}: names that mean the same: "
                + string.Join("; ", twice.Select(group => $"{Shown.List([.. group.Select(name => name.Old)])} all mean '{group.Key}'")) + ".");
        var byNewName = names.Where(name => name.New is not null).ToDictionary(name => name.New!, name => tensors[name.Old], StringComparer.Ordinal);

        var (source, metadata) = (tensors.Source, tensors.Metadata);
        ignored = [.. names.Where(name => name.New is null).Select(name => name.Old)];
        var renamed = new List<KeyValuePair<string, Tensor>>();
        foreach (var ((_, name), (_, tensor)) in names.Zip(tensors.Take()))
        {
            if (name is null)
                tensor.Dispose();
            else
                renamed.Add(new(name, tensor));
        }
        foreach (var (first, second) in _ties)
        {
            if (byNewName.TryGetValue(first, out var tied) && !byNewName.ContainsKey(second))
                renamed.Add(new(second, tied.alias()));
            else if (byNewName.TryGetValue(second, out tied) && !byNewName.ContainsKey(first))
                renamed.Add(new(first, tied.alias()));
        }
        return new StateDict(source, renamed, metadata);
    }
}
