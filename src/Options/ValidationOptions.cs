using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>What held-out pairs decide; <see cref="TrainingOptions.Validation"/>.</summary>
public sealed record ValidationOptions
{
    private const string Group = $"{nameof(TrainingOptions.Validation)}.";

    /// <summary>Default values.</summary>
    public static class Defaults
    {
        /// <summary>0: no pair is held out.</summary>
        public const double Fraction = 0;

        /// <summary>20 epochs.</summary>
        public const int EarlyStoppingPatience = 20;
    }

    /// <summary>
    /// Share of the matched pairs held out for validation, 0 to below 1; at least 2 pairs when above 0. After each epoch the partners of the
    /// held-out pairs are ranked among all samples of the other side (<see cref="ValidationRetrieval"/>). The weights of the epoch with the
    /// lowest mean log rank are kept, of equal epochs the latest's, and training stops early. For 20 held-out pairs and more: fewer choose
    /// largely by chance, of which the log warns, and are missed in training. Not used when <c>Fit</c> is given a validation set. Default 0:
    /// the last step's weights are kept.
    /// </summary>
    /// <example>
    /// <code>
    /// options.Validation.Fraction = 0.1;   // with 200 pairs or more; the best epoch is kept
    /// </code>
    /// </example>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Fraction
    {
        get;
        set => field = Check.InRangeExclusive(value, 0, 1, Group + nameof(Fraction));
    }

    /// <summary>Epochs that all validate worse than the best one before them, after which training stops, 1 or more. Default 20.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int EarlyStoppingPatience
    {
        get;
        set => field = Check.InRange(value, 1, int.MaxValue, Group + nameof(EarlyStoppingPatience));
    } = Defaults.EarlyStoppingPatience;

    /// <summary>
    /// Whether, where there are validation pairs, the towers are trained a second time without the losses on unpaired samples, and the
    /// training with the lower <see cref="ValidationRetrieval.MeanLogRank"/> is kept, the first one where both are equal; see
    /// <see cref="GentleClipTransformer.UnpairedObjectives"/>. Doubles the steps. Default false.
    /// </summary>
    public bool GuardUnpairedObjectives { get; set; }
}
