using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>Leading eigenvectors of a modality's neighbour graph, and their extension to new rows by weighted means over neighbours.</summary>
/// <param name="Bank">Prepared rows `[n, components]`.</param>
/// <param name="Scales">Distance of each bank row to its last neighbour `[n]`.</param>
/// <param name="Coordinates">`[n, eigenvectors]`.</param>
/// <param name="Neighbours">Neighbours of a row.</param>
internal sealed record SpectralGraph(Tensor Bank, Tensor Scales, Tensor Coordinates, int Neighbours)
{
    /// <summary>Least scale of a row.</summary>
    public const double SmallestScale = 1e-6; // where as many rows as there are neighbours lie in one place
    private const double SmallestWeight = 1e-12; // keeps outliers connected

    /// <summary>Builds the graph and its eigenvectors; null where there are fewer than three rows.</summary>
    /// <param name="bank">Prepared rows, borrowed.</param>
    /// <param name="settings">Neighbours, eigenvectors and their scale.</param>
    /// <param name="blockSize">Rows at a time in the search for neighbours.</param>
    public static SpectralGraph? Fit(Tensor bank, SpectralSettings settings, int blockSize)
    {
        var count = bank.size(0);
        if (count < 3)
            return null;
        using var scope = NewDisposeScope();
        var affinities = bank.new_zeros([count, count]);
        var numbers = Rows.InBlocks(bank, blockSize, block => Alignment.Neighbours.Nearest(block, bank, settings.Neighbours).Numbers);
        // From the neighbours' differences, not from inner products: the scales divide.
        var distances = Rows.InBlocks(Scalars.Range(count, bank.device).unsqueeze(1), blockSize, block =>
            (bank.index([block]) - bank.index([numbers.index([block.squeeze(1)])])).Squared().sum(dim: 2));
        var scales = distances.select(1, distances.size(1) - 1).sqrt().clamp_min(Scalars.Of(SmallestScale));
        var weights = (-distances / (scales.unsqueeze(1) * scales.index([numbers]))).exp().clamp_min(Scalars.Of(SmallestWeight));
        affinities.scatter_(1, numbers, weights);
        affinities = maximum(affinities, affinities.t());
        var roots = affinities.sum(dim: 1).sqrt();
        var (values, vectors) = linalg.eigh(affinities / roots / roots.unsqueeze(1));
        var kept = Math.Min(settings.Components, count - 1);
        var coordinates = vectors.narrow(1, count - 1 - kept, kept).flip(1) / roots.unsqueeze(1);
        coordinates =
            coordinates / coordinates.std(0, unbiased: false) * (-values.narrow(0, count - 1 - kept, kept).flip(0).Times(settings.Decay))
                .Plus(1).pow(Scalars.Of(-0.5));
        return new SpectralGraph(bank.clone().MoveToOuterDisposeScope(), scales.MoveToOuterDisposeScope(),
            coordinates.MoveToOuterDisposeScope(), settings.Neighbours);
    }

    /// <summary>Coordinates `[n, eigenvectors]` of any prepared rows.</summary>
    public Tensor Apply(Tensor prepared)
    {
        using var scope = NewDisposeScope();
        var (distances, numbers) = Alignment.Neighbours.Nearest(prepared, Bank, Neighbours);
        var scales = distances.select(1, distances.size(1) - 1).sqrt().clamp_min(Scalars.Of(SmallestScale));
        // Normalised weights exp(-d² / (scale scale)) without underflow.
        var weights = (-distances / (scales.unsqueeze(1) * Scales.index([numbers]))).softmax(1);
        return weights.unsqueeze(1).matmul(Coordinates.index([numbers])).squeeze(1).MoveToOuterDisposeScope();
    }
}
