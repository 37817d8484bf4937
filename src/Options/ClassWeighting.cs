namespace Microsoft.ML.GentleClip;

/// <summary>How much the rows of a class, or the rows that have and lack a label, count in the loss of a fine-tuning.</summary>
public enum ClassWeighting
{
    /// <summary>Every row counts the same.</summary>
    None,

    /// <summary>
    /// Every class counts the same: a row counts in inverse proportion to the number of training rows of its class. Probabilities are then those of a world
    /// in which classes are equally frequent.
    /// </summary>
    Balanced,

    /// <summary>Half way, as the square root of <see cref="Balanced"/>: rare classes gain, and single rows do not decide.</summary>
    SquareRoot,
}
