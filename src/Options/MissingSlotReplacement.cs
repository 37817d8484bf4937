namespace Microsoft.ML.GentleClip;

/// <summary>What is put into single slots that are missing (NaN) of a vector that is otherwise there.</summary>
public enum MissingSlotReplacement
{
    /// <summary>Nothing: they stay NaN, and training a <see cref="GentleClipEstimator"/> on them is an error that names row, column and slot.</summary>
    None,

    /// <summary>The mean of the slot over the training rows that have it.</summary>
    Mean,

    /// <summary>A given number.</summary>
    Constant,
}
