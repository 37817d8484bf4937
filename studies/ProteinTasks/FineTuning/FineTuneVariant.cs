using Microsoft.ML.GentleClip;

namespace ProteinTasks.FineTuning;

/// <summary>One line of the table.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Side">The structure alone, or null for both sides.</param>
/// <param name="IsPretrained">Whether the encoders come from a pretraining on chains of CATH.</param>
/// <param name="TrainableLayers">0 for frozen encoders, null for all weights.</param>
/// <param name="Steps">Optimiser steps.</param>
internal sealed record FineTuneVariant(string Name, Side? Side, bool IsPretrained, int? TrainableLayers, int Steps)
{
    /// <summary>All lines, few and many steps each.</summary>
    public static FineTuneVariant[] All(int few, int many) =>
    [
        .. from steps in new[] { few, many }
            from variant in new (string Name, Side? Side, bool IsPretrained, int? Layers)[]
            {
                ("structure, from scratch, all", Microsoft.ML.GentleClip.Side.B, false, null),
                ("structure, pretrained, frozen", Microsoft.ML.GentleClip.Side.B, true, 0),
                ("structure, pretrained, all", Microsoft.ML.GentleClip.Side.B, true, null),
                ("both sides, from scratch, all", null, false, null),
                ("both sides, pretrained, frozen", null, true, 0),
                ("both sides, pretrained, all", null, true, null),
            }
            select new FineTuneVariant(
                FormattableString.Invariant($"{variant.Name}, {steps} steps"), variant.Side, variant.IsPretrained, variant.Layers, steps),
    ];
}
