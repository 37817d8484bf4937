namespace Microsoft.ML.GentleClip.Reliability;

/// <summary>A chain as one reader sees it.</summary>
/// <param name="Id">Chain id.</param>
/// <param name="Sequence">Residues with an alpha carbon.</param>
/// <param name="Numbers">Their numbers, with commas between.</param>
internal sealed record ComparedChain(string Id, string Sequence, string Numbers);
