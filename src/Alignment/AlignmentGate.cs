using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>
/// What cross-validation on the pairs found: mean of log(1 + number of unpaired rows that are closer than the true partner), both directions;
/// lower is better. Null where a variant was not tried.
/// </summary>
/// <param name="Recipe">Of the recipe R alone.</param>
/// <param name="SelfTraining">Of self-training S.</param>
/// <param name="Spectral">Of the better one of the two with the spectral part.</param>
/// <param name="PairsRecipe">R's mean of log(1 + number of the pairs' own rows that are closer), the partner itself counted half.</param>
/// <param name="PairsSelfTraining">The same of S.</param>
/// <param name="KeepsSelfTraining">Whether S is better than R among the unpaired rows, and not worse among the pairs' own.</param>
internal sealed record GateFigures(double Recipe, double? SelfTraining, double? Spectral, double PairsRecipe,
    double? PairsSelfTraining, bool KeepsSelfTraining);

/// <summary>Cross-validation on the pairs, which decides whether optional parts are used.</summary>
/// <param name="settings">All settings of the alignment.</param>
/// <param name="poolA">Prepared unpaired rows of A, the candidates of held-out rows of B.</param>
/// <param name="poolB">Prepared unpaired rows of B.</param>
/// <param name="random">Draws the folds.</param>
/// <param name="progress">Told how many folds are done, and how many there are; before the first and after each.</param>
/// <param name="cancellationToken">Stops between row blocks.</param>
internal sealed class AlignmentGate(
    AlignmentSettings settings, Tensor poolA, Tensor poolB, ManagedGenerator random, Action<int, int>? progress = null,
    CancellationToken cancellationToken = default)
{
    // Unpaired rows of another kind than the pairs are easy to tell from partners, whatever S does to them: the pairs' own rows tell whether it spoils what
    // counts.
    private const int MaximumPairCandidates = 1000;

    private const double RoundingError = 1e-6;

    /// <summary>Runs the folds; null where no fold leaves pairs to fit on.</summary>
    /// <param name="pairs">All pairs.</param>
    /// <param name="train">Self-trains a fold's recipe; null where self-training is not tried.</param>
    /// <param name="alwaysTrained">Self-training is used whatever it scores, so that the spectral part is tried with it.</param>
    /// <param name="graphs">Both sides' graphs; null where the spectral part is not tried.</param>
    public GateFigures? Run(WeightedPairs pairs, Func<WeightedPairs, Recipe, Recipe>? train, bool alwaysTrained, (SpectralGraph A, SpectralGraph B)? graphs)
    {
        var order = Enumerable.Range(0, (int)pairs.Count).Select(i => (long)i).ToArray();
        random.Shuffle(order.AsSpan());
        var candidates = pairs.Pick(order[..Math.Min(order.Length, MaximumPairCandidates)]);
        var (recipe, trained) = (new Ranks(), new Ranks());
        var folds = Math.Min(settings.SelfTraining.GateFolds, order.Length);
        for (var fold = 0; fold < folds; fold++)
        {
            progress?.Invoke(fold, folds);
            using var scope = NewDisposeScope();
            var held = pairs.Pick([.. order.Where((_, i) => i % folds == fold)]);
            var rest = pairs.Pick([.. order.Where((_, i) => i % folds != fold)]);
            if (rest.Count < 2 || Alignment.Recipe.Fit(rest, Rows.Sample(rest.Count, settings.MaximumAnchors, random), settings) is not { } start)
                continue;
            var spectral = graphs is { } both ? SpectralMap.Fit(both.A, both.B, rest, settings) : default((SpectralMap A, SpectralMap B)?);
            Score(held, candidates, start, spectral, recipe);
            if (train is not null)
                Score(held, candidates, train(rest, start), spectral, trained);
        }
        progress?.Invoke(folds, folds);
        if (recipe.Unpaired.Count == 0)
            return null;
        var keeps = trained.Unpaired.Count > 0 && trained.Unpaired.Average() < recipe.Unpaired.Average() && trained.Pairs.Average() <= recipe.Pairs.Average();
        return new GateFigures(recipe.Unpaired.Average(), Mean(trained.Unpaired), Mean(alwaysTrained || keeps ? trained.Spectral : recipe.Spectral),
            recipe.Pairs.Average(), Mean(trained.Pairs), keeps);
    }

    private static double? Mean(List<double> values) => values.Count > 0 ? values.Average() : null;

    private void Score(WeightedPairs held, WeightedPairs candidates, Recipe recipe, (SpectralMap A, SpectralMap B)? spectral, Ranks ranks)
    {
        using var scope = NewDisposeScope();
        var (a, b, bankA, bankB) = (recipe.A.Apply(held.A), recipe.B.Apply(held.B), Embed(recipe.A, null, poolA), Embed(recipe.B, null, poolB));
        AddLogRanks(a, b, bankA, bankB, ranks.Unpaired);
        AddLogRanks(a, b, Embed(recipe.A, null, candidates.A), Embed(recipe.B, null, candidates.B), ranks.Pairs);
        if (spectral is { } maps)
            AddLogRanks(maps.A.Beside(a, held.A), maps.B.Beside(b, held.B), Embed(recipe.A, maps.A, poolA), Embed(recipe.B, maps.B, poolB), ranks.Spectral);
    }

    private Tensor Embed(RecipeMap map, SpectralMap? spectral, Tensor pool) => Rows.InBlocks(pool, settings.BlockSize, block =>
        (spectral is null ? map.Apply(block) : spectral.Beside(map.Apply(block), block)).to(ScalarType.Float32), cancellationToken);

    private void AddLogRanks(Tensor a, Tensor b, Tensor bankA, Tensor bankB, List<double> into)
    {
        var partners = Pairwise.RowDots(a, b).to(ScalarType.Float32).unsqueeze(1);
        foreach (var (queries, bank) in new[] { (a, bankB), (b, bankA) })
        {
            var rows = (int)Math.Clamp(PseudoPairs.BlockElements / Math.Max(bank.size(0), 1), 1, settings.BlockSize);
            using var ranks = Rows.InBlocks(cat([queries.to(ScalarType.Float32), partners], 1), rows, block =>
            {
                var width = bank.size(1);
                var cosines = block.narrow(1, 0, width).matmul(bank.t());
                var partner = block.narrow(1, width, 1);
                // A tie is half lost: an embedding that holds all rows in one place is not a good one. The partner may be a candidate itself, rounded
                // otherwise.
                var above = (cosines > partner.Plus(RoundingError)).sum(1, keepdim: true, type: ScalarType.Float64);
                return above.Plus((cosines > partner.Minus(RoundingError)).sum(1, keepdim: true, type: ScalarType.Float64)).Times(0.5);
            }, cancellationToken);
            into.AddRange(ranks.Plus(1).log().cpu().data<double>().ToArray());
        }
    }

    // Logarithms of ranks, a query each: among the unpaired rows, among the pairs' own rows, and among the unpaired rows with the spectral part.
    private sealed class Ranks
    {
        public List<double> Unpaired { get; } = [];

        public List<double> Pairs { get; } = [];

        public List<double> Spectral { get; } = [];
    }
}
