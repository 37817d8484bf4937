namespace Microsoft.ML.GentleClip;

/// <summary>
/// Which rows the next estimator of a pipeline sees while the pipeline is fitted. <c>Transform</c> always keeps every row;
/// this is about only training, because a row that lacks a side has a NaN embedding there.
/// </summary>
public enum TrainingRows
{
    /// <summary>Every row.</summary>
    All,

    /// <summary>Rows that have an embedding of modality A.</summary>
    WithA,

    /// <summary>Rows that have an embedding of modality B.</summary>
    WithB,

    /// <summary>Rows that have both embeddings.</summary>
    WithBoth,
}
