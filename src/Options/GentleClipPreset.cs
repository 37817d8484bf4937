namespace Microsoft.ML.GentleClip;

/// <summary>Named sets of training options; see <see cref="GentleClipOptions.FromPreset"/>.</summary>
public enum GentleClipPreset
{
    /// <summary>
    /// The default. For feature vectors and frozen encoders, where nothing asks for towers: only the closed-form alignment
    /// (<see cref="ClosedFormRole.Chosen"/>), in seconds. Otherwise towers with the losses of Gentle-CLIP and the settings that measured best (pairs per
    /// batch independent of their share, SimCSE form of the self-supervised loss, fixed kernel weights, leave-one-out densities), and the closed form
    /// beside them where it can be fitted; most of the gain over <see cref="Clip"/> is the closed form's.
    /// </summary>
    Recommended,

    /// <summary>The contrastive loss on only the matched pairs (CLIP); unpaired rows only set the standardisation of the inputs.</summary>
    Clip,

    /// <summary>
    /// The paper's formulas as printed (equations 1 to 9): pairs per batch by equation 1, batches of 64, the self term in equation 7,
    /// learnable kernel weights, densities with the self term at bandwidth 1. With few pairs it needs ten times the default steps.
    /// </summary>
    Paper,

    /// <summary>
    /// What the authors' released code does where it differs from the paper: 22 pairs in batches of 64, a fixed temperature of 0.05, one Gaussian
    /// kernel, densities that are not normalised.
    /// </summary>
    PublishedCode,

    /// <summary>S-CLIP's pseudo-labels beside the losses of <see cref="Recommended"/>, as the paper builds on S-CLIP in remote sensing.</summary>
    GentleSClip,

    /// <summary>Baseline: CLIP, and each unpaired sample takes the partner of the most similar pair.</summary>
    HardPseudoLabels,

    /// <summary>Baseline: CLIP, and each unpaired sample takes a softmax mixture of the pairs' partners.</summary>
    SoftPseudoLabels,

    /// <summary>Baseline: S-CLIP's caption-level pseudo-labels from a transport plan (Mo et al. 2023), for both modalities.</summary>
    SClip,

    /// <summary>
    /// Baseline: SOTAlign (arXiv 2602.23353). Ridge canonical correlation on the pairs teaches two towers, through the contrastive loss on
    /// the pairs and the divergence of transport plans on the unpaired rows.
    /// </summary>
    SotAlign,

    /// <summary>
    /// Only the closed-form alignment, which uses the unpaired rows where the pairs say that they help: no training loop. It is an error where it cannot
    /// be fitted. On few pairs of feature vectors the strongest by retrieval in most of our measurements.
    /// </summary>
    ClosedForm,
}
