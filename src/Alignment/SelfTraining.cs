using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>
/// Self-training S: a few times, mutual best matches among the unpaired rows (<see cref="PseudoPairs"/>) join the pairs, and the recipe is
/// fitted anew on both, with weighted means, covariances and cross-covariance.
/// </summary>
internal sealed class SelfTraining
{
    private readonly AlignmentSettings _settings;
    private readonly Tensor _poolA;
    private readonly Tensor _poolB;
    private readonly ManagedGenerator _random;
    private readonly Action<int>? _progress;
    private readonly CancellationToken _cancellationToken;

    /// <param name="settings">All settings of the alignment.</param>
    /// <param name="poolA">Prepared unpaired rows of A `[n, componentsA]`, borrowed.</param>
    /// <param name="poolB">Prepared unpaired rows of B `[m, componentsB]`, borrowed.</param>
    /// <param name="random">Chooses anchors where there are too many.</param>
    /// <param name="progress">Told the number of pseudo-pairs after each round.</param>
    /// <param name="cancellationToken">Stops between row blocks.</param>
    public SelfTraining(AlignmentSettings settings, Tensor poolA, Tensor poolB, ManagedGenerator random, Action<int>? progress = null,
        CancellationToken cancellationToken = default) =>
        (_settings, _poolA, _poolB, _random, _progress, _cancellationToken) = (settings, poolA, poolB, random, progress, cancellationToken);

    /// <summary>The recipe after so many rounds; the one it starts from where no row finds a partner of positive cosine.</summary>
    public Recipe Run(WeightedPairs pairs, Recipe start, int rounds)
    {
        using var scope = NewDisposeScope();
        var recipe = start;
        for (var round = 0; round < rounds; round++)
        {
            var matches = Match(recipe);
            recipe = Refit(pairs, matches) ?? recipe;
            _progress?.Invoke(matches.A.Length);
        }
        if (!ReferenceEquals(recipe, start))
            recipe.MoveToOuterDisposeScope();
        return recipe;
    }

    private PseudoPairs Match(Recipe recipe)
    {
        using var scope = NewDisposeScope();
        Tensor Embed(RecipeMap map, Tensor pool) =>
            Rows.InBlocks(pool, _settings.BlockSize, block => map.Apply(block).to(ScalarType.Float32), _cancellationToken);
        var options = _settings.SelfTraining;
        return PseudoPairs.Find(Embed(recipe.A, _poolA), Embed(recipe.B, _poolB), options.Neighbours, options.PseudoPairs,
            _settings.BlockSize, _cancellationToken);
    }

    private Recipe? Refit(WeightedPairs pairs, PseudoPairs matches)
    {
        var sum = matches.Cosines.Sum(cosine => Math.Max(cosine, 0));
        if (sum <= 0)
            return null;
        _cancellationToken.ThrowIfCancellationRequested();
        using var scope = NewDisposeScope();
        var share = _settings.SelfTraining.PseudoPairWeight;
        var weights = matches.Cosines.Select(cosine => share * Math.Max(cosine, 0) / sum);
        var joined = new WeightedPairs(
            cat([pairs.A, Rows.Pick(_poolA, matches.A)], 0),
            cat([pairs.B, Rows.Pick(_poolB, matches.B)], 0),
            cat([pairs.Weights.Times(1 - share), tensor(weights.ToArray(), device: pairs.A.device)], 0),
            pairs.BandwidthA, pairs.BandwidthB);
        return Recipe.Fit(joined, Rows.Sample(joined.Count, _settings.MaximumAnchors, _random), _settings)?.MoveToOuterDisposeScope();
    }
}
