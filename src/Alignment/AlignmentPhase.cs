namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>What a fit of the alignment is doing.</summary>
internal enum AlignmentPhase
{
    /// <summary>Mean, scale and principal components; the recipe on the pairs.</summary>
    Preparing,

    /// <summary>Cross-validation on the pairs.</summary>
    Folds,

    /// <summary>The final rounds.</summary>
    Rounds,
}
