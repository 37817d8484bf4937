using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Protein structures whose graph is being laid out by another thread.</summary>
/// <param name="Preparation">Under way.</param>
internal sealed record PreparedStructures(Task<(CdConvGraph Graph, IReadOnlyList<CdConvEdges> Edges)> Preparation) : ModalityBatch;
