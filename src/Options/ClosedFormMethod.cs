namespace Microsoft.ML.GentleClip;

/// <summary>Which closed form is fitted; see <see cref="ClosedFormOptions.Method"/>.</summary>
public enum ClosedFormMethod
{
    /// <summary>
    /// The pairs decide: the blend, unless cross-validation says that one of <see cref="Linear"/>, <see cref="LinearAndKernel"/> and
    /// <see cref="Transport"/> is better by more than one standard error.
    /// </summary>
    Chosen,

    /// <summary>Fits to the pairs and transport of the unpaired samples with equal weight.</summary>
    Blend,

    /// <summary>Linear ridge canonical correlation of the pairs. Unpaired samples set mean, scale and principal components only.</summary>
    Linear,

    /// <summary>
    /// Linear ridge canonical correlation of the pairs and its kernel form, weighted by <see cref="ClosedFormOptions.LinearWeight"/> and
    /// <see cref="ClosedFormOptions.KernelWeight"/>.
    /// </summary>
    LinearAndKernel,

    /// <summary>Self-training by optimal transport between the unpaired samples of both modalities.</summary>
    Transport,

    /// <summary>Self-training by mutual best matches, on, off or behind its own gate as <see cref="ClosedFormOptions.SelfTraining"/> says.</summary>
    SelfTraining,
}
