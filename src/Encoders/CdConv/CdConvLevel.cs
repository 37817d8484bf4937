namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A stage of a batch's graph, in C# arrays.</summary>
/// <param name="Nodes">Its nodes.</param>
/// <param name="Neighbours">Those within the stage's radius.</param>
/// <param name="Groups">For each node the one of the next stage that it goes to; null at the last stage.</param>
internal sealed record CdConvLevel(CdConvNodes Nodes, CdConvNeighbours Neighbours, long[]? Groups);
