namespace Microsoft.ML.GentleClip;

/// <summary>Who chooses the weights of MK-MMD's Gaussian and polynomial kernel.</summary>
public enum MmdKernelWeights
{
    /// <summary><see cref="MmdObjective.GaussianWeight"/>; as good as any in our measurements.</summary>
    Fixed,

    /// <summary>
    /// Softmax weights that training moves towards the kernel which tells the modalities apart best: their gradient is reversed. Minimised together with
    /// the towers, free weights diverge or vanish and softmax weights seek the weakest kernel.
    /// </summary>
    Learnable,

    /// <summary>The weights of the most powerful two-sample test, in closed form from running means (Gretton et al. 2012).</summary>
    Power,
}
