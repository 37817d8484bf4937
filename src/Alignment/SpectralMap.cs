using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>One side of the spectral part: graph coordinates under a map of canonical correlation, unit.</summary>
/// <param name="Graph">The side's graph.</param>
/// <param name="Map">`[eigenvectors, directions]`.</param>
/// <param name="Bias">`[directions]`.</param>
/// <param name="Weight">Share in inner products, against 1 of the recipe.</param>
internal sealed record SpectralMap(SpectralGraph Graph, Tensor Map, Tensor Bias, double Weight)
{
    /// <summary>The tensors of both sides' maps belong to the open dispose scope; those of the graphs do not.</summary>
    public static (SpectralMap A, SpectralMap B) Fit(SpectralGraph graphA, SpectralGraph graphB, WeightedPairs pairs, AlignmentSettings settings)
    {
        using var scope = NewDisposeScope();
        var cca = RidgeCca.Fit(
            Rows.InBlocks(pairs.A, settings.BlockSize, graphA.Apply), Rows.InBlocks(pairs.B, settings.BlockSize, graphB.Apply), pairs.Weights, settings);
        foreach (var tensor in new[] { cca.MapA, cca.BiasA, cca.MapB, cca.BiasB })
            tensor.MoveToOuterDisposeScope();
        return (new SpectralMap(graphA, cca.MapA, cca.BiasA, settings.Spectral.Weight), new SpectralMap(graphB, cca.MapB, cca.BiasB, settings.Spectral.Weight));
    }

    /// <summary>Puts the spectral part beside the unit embeddings of the recipe; unit rows.</summary>
    public Tensor Beside(Tensor embeddings, Tensor prepared)
    {
        using var scope = NewDisposeScope();
        var spectral = Rows.Unit(Graph.Apply(prepared).matmul(Map) - Bias).Times(Math.Sqrt(Weight));
        return Rows.Unit(cat([embeddings, spectral], 1)).MoveToOuterDisposeScope();
    }
}
