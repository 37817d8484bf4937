namespace Microsoft.ML.GentleClip.Data;

/// <summary>Residues of one chain id that stand between two places where another chain may begin, in the order of the file.</summary>
/// <param name="Chain">Chain id.</param>
/// <param name="Residues">Indices of the alpha carbons.</param>
/// <param name="IsClosed">Whether a TER record says that the polymer ends here.</param>
internal sealed record ChainPiece(string Chain, List<int> Residues, bool IsClosed);
