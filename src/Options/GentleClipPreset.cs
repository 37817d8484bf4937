namespace Microsoft.ML.GentleClip;

/// <summary>Named sets of training options; see <see cref="GentleClipOptions.FromPreset"/>.</summary>
public enum GentleClipPreset
{
    /// <summary>
    /// The losses of Gentle-CLIP with the settings that measured best: pairs per batch independent of their share, SimCSE form
    /// of the self-supervised loss, fixed kernel weights, leave-one-out densities.
    /// </summary>
    Recommended,

    /// <summary>The contrastive loss on the matched pairs alone (CLIP); unpaired rows only set the standardisation of the inputs.</summary>
    Clip,
}
