using Microsoft.ML.GentleClip;

namespace EmojiSearch;

/// <summary>What is compared: which pairs are known, which losses are used, and what is read.</summary>
internal sealed record Method(string Name, string Title, GentleClipPreset Preset, bool HasAllPairs = false, bool ReadsFeatures = false)
{
    public const string OnFeatures = "features";

    public static readonly IReadOnlyList<Method> All =
    [
        new("clip", "Clip, a tenth of the pairs", GentleClipPreset.Clip),
        new("gentle", "Gentle-CLIP, a tenth of the pairs", GentleClipPreset.Recommended),
        new(OnFeatures, "Gentle-CLIP on features, a tenth of the pairs", GentleClipPreset.Recommended, ReadsFeatures: true),
        new("clip-all", "Clip, all pairs", GentleClipPreset.Clip, HasAllPairs: true),
    ];

    /// <summary>Whether samples without a partner are read.</summary>
    public bool UsesUnpaired => Preset != GentleClipPreset.Clip;

    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public static Method Named(string name) =>
        All.FirstOrDefault(method => method.Name == name)
            ?? throw new ArgumentException($"There is no method '{name}'; expected some of {string.Join(", ", All.Select(method => method.Name))}.");
}
