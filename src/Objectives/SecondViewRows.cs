using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>Which rows of a batch have second views, where not all have.</summary>
/// <param name="A">Numbers of A's rows `[k]`, those of the pairs first.</param>
/// <param name="B">Numbers of B's rows `[l]`; the first <paramref name="Pairs"/> are those of A.</param>
/// <param name="Pairs">Pairs among them.</param>
internal sealed record SecondViewRows(Tensor A, Tensor B, int Pairs);
