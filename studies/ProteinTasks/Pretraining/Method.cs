using Microsoft.ML.GentleClip;

namespace ProteinTasks.Pretraining;

/// <summary>What a method reads.</summary>
internal enum MethodInput
{
    /// <summary>Sequences and alpha carbons, through the two encoders.</summary>
    Chains,

    /// <summary>Computed features of both, through maps or small networks.</summary>
    Features,

    /// <summary>The embeddings of another method's encoders, through maps.</summary>
    Frozen,

    /// <summary>Amino-acid composition and length; nothing is pretrained.</summary>
    Composition,
}

/// <summary>A preset with its losses, or a floor.</summary>
internal sealed record Method(string Name, string Title)
{
    public const string ClipHalf = "clip-half", ClipAll = "clip-all", GentleClip = "gentle", Untrained = "untrained";

    public static readonly IReadOnlyList<Method> All =
    [
        new("composition", "composition and length") { Input = MethodInput.Composition },
        new(Untrained, "untrained encoders") { Preset = GentleClipPreset.Clip, IsTrained = false },
        new(ClipHalf, "Clip (half)") { Preset = GentleClipPreset.Clip },
        new(GentleClip, "Gentle-CLIP (half + unpaired)") { Cost = 2.5 },
        new(ClipAll, "Clip (all pairs)") { Preset = GentleClipPreset.Clip, PairedShare = 1 },
        new("closed-form", "ClosedForm, features (half + unpaired)") { Preset = GentleClipPreset.ClosedForm, Input = MethodInput.Features },
        new("closed-form-all", "ClosedForm, features (all pairs)") { Preset = GentleClipPreset.ClosedForm, Input = MethodInput.Features, PairedShare = 1 },
        new("recommended", "Recommended, features (half + unpaired)") { Input = MethodInput.Features },
        new("closed-form-frozen", "ClosedForm on the frozen encoders of Clip (half)")
        {
            Preset = GentleClipPreset.ClosedForm,
            Input = MethodInput.Frozen,
            Base = ClipHalf,
        },
        new("closed-form-frozen-pairs", "the same, only the pairs")
        {
            Preset = GentleClipPreset.ClosedForm,
            Input = MethodInput.Frozen,
            Base = ClipHalf,
            HasSelfTraining = false,
            IsAblation = true,
        },
        new("closed-form-untrained", "ClosedForm on untrained encoders")
        {
            Preset = GentleClipPreset.ClosedForm,
            Input = MethodInput.Frozen,
            Base = Untrained,
            IsAblation = true,
        },
        new("ssl", "CL + SSL") { HasMmd = false, HasSdd = false, IsAblation = true, Cost = 2.5 },
        new("sdd", "CL + SDD") { HasMmd = false, HasSelfSupervision = false, IsAblation = true, Cost = 1.5 },
        new("ssl-sdd", "CL + SSL + SDD") { HasMmd = false, IsAblation = true, Cost = 2.5 },
    ];

    public MethodInput Input { get; private init; }

    /// <summary>The method whose encoders give the features, or null.</summary>
    public string? Base { get; private init; }

    public GentleClipPreset Preset { get; private init; } = GentleClipPreset.Recommended;

    /// <summary>The share of the pretraining chains whose pairing is known.</summary>
    public double PairedShare { get; private init; } = 0.5;

    public bool IsTrained { get; private init; } = true;

    public bool IsAblation { get; private init; }

    public bool HasSelfSupervision { get; private init; } = true;

    public bool HasSelfTraining { get; private init; } = true;

    public bool HasMmd { get; private init; } = true;

    public bool HasSdd { get; private init; } = true;

    /// <summary>Rough time of a run in units of a run on only pairs, for the time left.</summary>
    public double Cost { get; private init; } = 1;

    /// <summary>Whether rows without a partner are read.</summary>
    public bool UsesUnpaired => Preset != GentleClipPreset.Clip && PairedShare < 1;

    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public static Method Named(string name) =>
        All.FirstOrDefault(method => method.Name == name)
            ?? throw new ArgumentException($"There is no method '{name}'; expected some of {string.Join(", ", All.Select(method => method.Name))}.");
}
