namespace Microsoft.ML.GentleClip.Weights;

/// <summary>What is asked of a weight file, and what was decided while it was read.</summary>
/// <param name="layout">The architecture; null takes the names as they are.</param>
/// <param name="key">Where in the file the weights are, as the user says; null to search.</param>
internal sealed class WeightRequest(WeightLayout? layout = null, string? key = null)
{
    private readonly List<string> _notes = [];
    private readonly OrderedDictionary<string, List<string>> _leftOut = new(StringComparer.Ordinal);

    /// <summary>The architecture.</summary>
    public WeightLayout? Layout => layout;

    /// <summary>Dotted path or prefix, without a point at its end.</summary>
    public string? Key { get; } = key?.TrimEnd('.');

    /// <summary>Where the weights are, once that is known.</summary>
    public WeightChoice? Choice { get; set; }

    /// <summary>What was chosen and what was left out, in words.</summary>
    public IReadOnlyList<string> Notes => [.. _notes, .. _leftOut.Select(entry =>
        $"{entry.Key}: left out {(entry.Value.Count == 1 ? "1 tensor that is" : $"{entry.Value.Count} tensors that are")} "
        + $"{(layout is null ? "not under the key" : $"no part of {layout.Name}'s encoder")}: {Shown.List(entry.Value)}.")];

    /// <summary>Adds a line, once.</summary>
    public void Note(string line)
    {
        if (!_notes.Contains(line, StringComparer.Ordinal))
            _notes.Add(line);
    }

    /// <summary>Hands the notes over.</summary>
    public void WriteTo(Action<string>? log)
    {
        if (log is null)
            return;
        foreach (var note in Notes)
            log(note);
    }

    /// <summary>Says which tensors were left out, if any.</summary>
    public void NoteLeftOut(string source, IReadOnlyCollection<string> names)
    {
        if (names.Count == 0)
            return;
        if (!_leftOut.TryGetValue(source, out var known))
            _leftOut.Add(source, known = []);
        known.AddRange(names.Except(known));
    }
}
