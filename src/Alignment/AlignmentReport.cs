namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>What a fit decided, and why.</summary>
/// <param name="UsesSelfTraining">Whether the alignment is S; else it is R.</param>
/// <param name="UsesSpectral">Whether it has the spectral part.</param>
/// <param name="Gate">The gate's figures; null where nothing was left to decide or the pairs are too few or too equal for cross-validation.</param>
/// <param name="PseudoPairs">Pseudo-pairs of each round of the final self-training.</param>
/// <param name="RowsA">Unpaired rows of A that self-training and gate saw.</param>
/// <param name="RowsB">Unpaired rows of B that they saw.</param>
/// <param name="NaturalWidth">Width before it was cut or padded.</param>
/// <param name="KeptEnergy">Share of the embeddings' squared length that the cut keeps, before they are made unit again; 1 without a cut.</param>
internal sealed record AlignmentReport(
    bool UsesSelfTraining, bool UsesSpectral, GateFigures? Gate, IReadOnlyList<int> PseudoPairs, long RowsA, long RowsB, long NaturalWidth, double KeptEnergy);
