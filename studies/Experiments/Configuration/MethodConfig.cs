namespace Experiments.Configuration;

/// <summary>A method of the matrix: a preset of the library with overrides, or a baseline of the sample.</summary>
/// <param name="Name">Name in tables.</param>
/// <param name="Preset">Name of a <see cref="Microsoft.ML.GentleClip.GentleClipPreset"/>, or null.</param>
/// <param name="Baseline">Name of a baseline of the sample, or null.</param>
/// <param name="Options">Options that differ from the preset.</param>
/// <param name="Candidates">Further overrides, of which the validation seeds choose one; empty where there is nothing to choose.</param>
internal sealed record MethodConfig(string Name, string? Preset, string? Baseline, OptionOverrides Options, IReadOnlyList<OptionOverrides> Candidates)
{
    public IReadOnlyList<UnpairedRows> Unpaired { get; init; } = [UnpairedRows.Real];

    /// <summary>Null: as the whole matrix.</summary>
    public IReadOnlyList<string>? Data { get; init; }

    public IReadOnlyList<RowCount>? Pairs { get; init; }

    public IReadOnlyList<RowCount>? UnpairedCounts { get; init; }

    public int? Steps { get; init; }

    public static MethodConfig Read(ConfigSection section)
    {
        var config = new MethodConfig(
            section.Text("name"), section.OptionalText("preset"), section.OptionalText("baseline"), section.Overrides("options"),
                section.OverridesList("candidates"))
        {
            Data = section.OptionalTexts("data"),
            Pairs = section.OptionalCounts("pairs", 2),
            UnpairedCounts = section.OptionalCounts("unpairedRows", 0),
            Steps = section.OptionalWhole("steps", 1),
        };
        if (section.OptionalTexts("unpaired") is { } kinds)
        {
            UnpairedRows Parsed(string kind, int i) => ParseUnpaired(kind) ?? throw section.Error($"unpaired[{i}]", $"expected {Kinds}, found \"{kind}\"");
            config = config with { Unpaired = [.. kinds.Select(Parsed)] };
        }

        section.Done();
        if (config.Preset is null == config.Baseline is null)
            throw section.Error("preset", "expected either a preset or a baseline");
        return config;
    }

    /// <summary>The words that <see cref="ParseUnpaired"/> knows.</summary>
    public const string Kinds = "real, gaussian, foreign, none, skewed or dropped";

    /// <summary>One of <see cref="Kinds"/>; null for anything else.</summary>
    public static UnpairedRows? ParseUnpaired(string text) => text switch
    {
        "real" => UnpairedRows.Real,
        "gaussian" => UnpairedRows.Gaussian,
        "foreign" => UnpairedRows.Foreign,
        "none" => UnpairedRows.None,
        "skewed" => UnpairedRows.Skewed,
        "dropped" => UnpairedRows.Dropped,
        _ => null,
    };
}
