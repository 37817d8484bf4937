using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>How AdamW changes the weights at a step; <see cref="TrainingOptions.Optimizer"/>.</summary>
public sealed record OptimizerOptions
{
    private const string Group = $"{nameof(TrainingOptions.Optimizer)}.";

    // What is beyond these is no float32 in a step.
    internal const double SmallestRate = 1e-30, LargestRate = 1e30, LargestDecay = 1e6;

    /// <summary>Default values.</summary>
    public static class Defaults
    {
        /// <summary>1e-3.</summary>
        public const double LearningRate = 1e-3;

        /// <summary>1e-2.</summary>
        public const double WeightDecay = 1e-2;

        /// <summary>0.05 of the steps.</summary>
        public const double WarmupFraction = 0.05;

        /// <summary>Gradients of a norm above 1 are scaled to 1.</summary>
        public const double GradientClipNorm = 1;
    }

    /// <summary>Peak learning rate of AdamW, 1e-30 to 1e30; reached after the warm-up, then lowered along a cosine. Default 1e-3.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double LearningRate
    {
        get;
        set => field = Check.InRange(value, SmallestRate, LargestRate, Group + nameof(LearningRate));
    } = Defaults.LearningRate;

    /// <summary>Decoupled weight decay of AdamW on weight matrices, 0 to 1e6. Default 1e-2.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double WeightDecay
    {
        get;
        set => field = Check.InRange(value, 0, LargestDecay, Group + nameof(WeightDecay));
    } = Defaults.WeightDecay;

    /// <summary>Share of the steps in which the learning rate rises from 0, 0 to 1. Default 0.05.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double WarmupFraction
    {
        get;
        set => field = Check.InRange(value, 0, 1, Group + nameof(WarmupFraction));
    } = Defaults.WarmupFraction;

    /// <summary>Largest norm of the gradient over all parameters, above 0; a larger one is scaled down. Default 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0.</exception>
    public double GradientClipNorm
    {
        get;
        set => field = Check.Positive(value, Group + nameof(GradientClipNorm));
    } = Defaults.GradientClipNorm;
}
