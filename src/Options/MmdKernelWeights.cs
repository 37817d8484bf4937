namespace Microsoft.ML.GentleClip;

/// <summary>Who chooses the weights of MK-MMD's Gaussian and polynomial kernel.</summary>
public enum MmdKernelWeights
{
    /// <summary><see cref="ObjectiveOptions.GaussianKernelWeight"/>; as good as any in our measurements.</summary>
    Fixed,

    /// <summary>Softmax weights that training moves towards the kernel which tells the modalities apart best (gradient reversed).</summary>
    Learnable,

    /// <summary>The weights of the most powerful two-sample test, in closed form from running means (Gretton et al. 2012).</summary>
    Power,
}
