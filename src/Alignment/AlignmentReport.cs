namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>What a fit decided, and why.</summary>
/// <param name="Method">The closed form that was fitted; with self-training, whether or not its gate let it pass.</param>
/// <param name="UsesTransport">Whether transport self-training is a part of it.</param>
/// <param name="UsesSelfTraining">Whether the alignment is S.</param>
/// <param name="UsesSpectral">Whether it has the spectral part.</param>
/// <param name="Choice">Cross-validation between the closed forms; null where the method was given, or the pairs are too few or too equal.</param>
/// <param name="Gate">Figures of self-training's gate; null where nothing was left to decide, or the pairs are too few or too equal for it.</param>
/// <param name="PseudoPairs">Pseudo-pairs of each round of the final self-training.</param>
/// <param name="RowsA">Unpaired rows of A that took part in matching and in the choice.</param>
/// <param name="RowsB">Unpaired rows of B that took part.</param>
/// <param name="NaturalWidth">Width before it was cut or padded.</param>
/// <param name="KeptEnergy">Share of the embeddings' squared length that the cut keeps, before they are made unit again; 1 without a cut.</param>
internal sealed record AlignmentReport(
    ClosedFormMethod Method, bool UsesTransport, bool UsesSelfTraining, bool UsesSpectral, MethodChoice? Choice, GateFigures? Gate,
    IReadOnlyList<int> PseudoPairs, long RowsA, long RowsB, long NaturalWidth, double KeptEnergy);
