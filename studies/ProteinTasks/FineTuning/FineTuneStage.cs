using System.Globalization;
using Microsoft.ML.GentleClip;
using ProteinTasks.Pretraining;

namespace ProteinTasks.FineTuning;

/// <summary>What is computed in one go: frozen encoders read by classifiers, or one training.</summary>
/// <param name="Method">Where the encoders come from.</param>
/// <param name="IsFrozen">Whether classifiers read the frozen encoders; else these are trained.</param>
/// <param name="Side">One side, or null for both.</param>
/// <param name="LabelFile">The place of the label file; null for folds.</param>
/// <param name="Steps">Optimiser steps of the training.</param>
internal sealed record FineTuneStage(Method Method, bool IsFrozen, Side? Side = null, int? LabelFile = null, int Steps = 0)
{
    /// <summary>Where encoders come from, by name.</summary>
    public static readonly string[] Presets = [Method.Untrained, Method.ClipHalf, Method.GentleClip, Method.ClipAll];

    /// <summary>How it is fine-tuned.</summary>
    public TuningSetting Setting { get; init; } = TuningSetting.Study;

    /// <summary>All of them, the most telling first: one that is stopped has whole comparisons.</summary>
    /// <param name="few">Half of the steps.</param>
    /// <param name="many">All steps.</param>
    /// <param name="labelFiles">How many label files there are.</param>
    public static IEnumerable<FineTuneStage[]> Rounds(int few, int many, int labelFiles)
    {
        yield return [.. Presets[..2].SelectMany(preset => Folds(preset, many).Prepend(Frozen(preset)))];
        yield return [.. Presets[..2].SelectMany(preset => Folds(preset, few))];
        yield return [.. Presets[2..].SelectMany(preset => Folds(preset, many).Prepend(Frozen(preset)))];
        foreach (int file in Enumerable.Range(0, labelFiles))
            yield return [.. from preset in Presets
                from side in new Side?[] { Microsoft.ML.GentleClip.Side.B, null }
                select new FineTuneStage(Method.Named(preset), IsFrozen: false, side, file, many)];
        yield return [.. Presets[2..].SelectMany(preset => Folds(preset, few))];
        yield return [.. Presets.Select(preset => new FineTuneStage(Method.Named(preset), IsFrozen: false, Microsoft.ML.GentleClip.Side.A, null, many))];
    }

    /// <summary>
    /// Only what tells beginnings and rates apart: frozen features, the solved head on them, and fine-tuning from either beginning and at the library's rates.
    /// </summary>
    /// <param name="steps">Of a fine-tuning.</param>
    /// <param name="labelFiles">How many label files there are.</param>
    public static IEnumerable<FineTuneStage[]> Heads(int steps, int labelFiles)
    {
        yield return [.. Presets.SelectMany(preset => Of(preset, null).Prepend(Frozen(preset)))];
        foreach (int file in Enumerable.Range(0, labelFiles))
            yield return [.. Presets.SelectMany(preset => Of(preset, file))];

        IEnumerable<FineTuneStage> Of(string preset, int? file) =>
            from setting in new[] { TuningSetting.Study with { IsFrozen = true }, TuningSetting.Study, TuningSetting.FromPrior, TuningSetting.Library }
            from side in new Side?[] { Microsoft.ML.GentleClip.Side.B, null }
            select new FineTuneStage(Method.Named(preset), IsFrozen: false, side, file, setting.IsFrozen ? 0 : steps) { Setting = setting };
    }

    /// <summary>The sides in words.</summary>
    public string Sides => Side switch { null => "both sides", Microsoft.ML.GentleClip.Side.A => "sequence", _ => "structure" };

    /// <summary>Steps, and what is otherwise than in the study's tables, in words.</summary>
    public string Way => Setting.IsFrozen ? "no steps" : string.Create(CultureInfo.InvariantCulture, $"{Steps} steps{(
        Setting.Head == HeadInitialization.Prior ? " from the prior" : Setting == TuningSetting.Library ? " at the library's rates" : "")}");

    private static FineTuneStage Frozen(string preset) => new(Method.Named(preset), IsFrozen: true);

    private static IEnumerable<FineTuneStage> Folds(string preset, int steps) =>
        from side in new Side?[] { Microsoft.ML.GentleClip.Side.B, null } select new FineTuneStage(Method.Named(preset), IsFrozen: false, side, null, steps);
}
