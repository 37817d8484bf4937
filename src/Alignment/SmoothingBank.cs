using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>Rows of one modality and their embeddings, with which new rows are smoothed.</summary>
/// <param name="Bank">Prepared rows `[n, components]`, n of 2 or more.</param>
/// <param name="Embeddings">Their unit embeddings `[n, width]`.</param>
/// <param name="Weight">Share of the neighbours' mean.</param>
/// <param name="Neighbours">Neighbours of a row.</param>
internal sealed record SmoothingBank(Tensor Bank, Tensor Embeddings, double Weight, int Neighbours)
{
    /// <summary>Unit z plus a share of the mean z of the nearest bank rows, unit.</summary>
    public Tensor Apply(Tensor embeddings, Tensor prepared)
    {
        using var scope = NewDisposeScope();
        var (_, numbers) = Alignment.Neighbours.Nearest(prepared, Bank, Neighbours);
        return Rows.Unit(embeddings.Plus(Embeddings.index([numbers]).mean([1]).Times(Weight))).MoveToOuterDisposeScope();
    }
}
