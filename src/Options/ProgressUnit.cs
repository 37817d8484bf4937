namespace Microsoft.ML.GentleClip;

/// <summary>What <see cref="TrainingProgress.Done"/> and <see cref="TrainingProgress.Total"/> count.</summary>
public enum ProgressUnit
{
    /// <summary>Nothing: the phase does not say how far it is.</summary>
    None,

    /// <summary>Rows or samples.</summary>
    Rows,

    /// <summary>Folds of a cross-validation.</summary>
    Folds,

    /// <summary>Rounds of self-training.</summary>
    Rounds,

    /// <summary>Optimiser steps.</summary>
    Steps,

    /// <summary>Iterations of a solver.</summary>
    Iterations,
}
