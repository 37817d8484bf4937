using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Protein structures whose graphs are laid out.</summary>
/// <param name="Parts">The batch in one graph in training, where batch normalisation looks at all; else in graphs that are encoded one after the other.</param>
internal sealed record PreparedStructures(IReadOnlyList<(CdConvGraph Graph, IReadOnlyList<CdConvEdges> Edges)> Parts) : ModalityBatch;
