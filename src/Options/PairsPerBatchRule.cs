namespace Microsoft.ML.GentleClip;

/// <summary>How many matched pairs enter a batch.</summary>
public enum PairsPerBatchRule
{
    /// <summary><see cref="BatchOptions.PairsPerBatch"/>, whatever the share of pairs in the data.</summary>
    Fixed,

    /// <summary>
    /// Equation 1 of the paper: n = floor(N / (M + N) * B) with N pairs, M the larger number of unpaired samples of the two
    /// modalities and B the batch size; clamped to [min(2, N), N]. With few pairs n is tiny and training needs many more steps.
    /// </summary>
    Proportional,
}
