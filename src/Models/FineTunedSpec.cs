using Microsoft.ML.GentleClip.Encoders;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>What a fine-tuned model is, apart from its weights.</summary>
/// <param name="A">Tower of modality A; null where it does not take part.</param>
/// <param name="B">Tower of modality B; null where it does not take part.</param>
/// <param name="Label">What it predicts.</param>
internal sealed record FineTunedSpec(TowerSpec? A, TowerSpec? B, LabelSpec Label)
{
    /// <summary>The sides that take part, A first.</summary>
    public IReadOnlyList<(Side Side, TowerSpec Tower)> Sides =>
        [.. new[] { (Side.A, A), (Side.B, B) }.Where(side => side.Item2 is not null).Select(side => (side.Item1, side.Item2!))];

    /// <summary>Whether an encoder is a user's own, which only building it can measure.</summary>
    public bool HasCustomEncoder => Sides.Any(side => EncoderKinds.Of(side.Tower.Modality).IsCustom);
}
