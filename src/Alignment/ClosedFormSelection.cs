using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>
/// Cross-validation on the pairs that chooses between the closed forms. They are the same four unit parts with different weights: the recipe's linear
/// and kernel part, transport's linear and kernel part. So one fit a fold gives all of them.
/// </summary>
/// <param name="settings">All settings of the alignment.</param>
/// <param name="random">Draws the folds.</param>
/// <param name="fold">Told how many folds are done, and how many there are; before the first and after each.</param>
/// <param name="round">Told after each round of transport.</param>
/// <param name="cancellationToken">Stops within rounds.</param>
internal sealed class ClosedFormSelection(
    AlignmentSettings settings, ManagedGenerator random, Action<int, int> fold, Action round, CancellationToken cancellationToken)
{
    private const double RoundingError = 1e-6;

    /// <summary>Runs the folds; null where no fold leaves pairs to fit on.</summary>
    /// <param name="pairs">All pairs.</param>
    /// <param name="a">Side A of transport, its pool the folds' sample; its features are empty without transport.</param>
    /// <param name="b">Side B.</param>
    /// <param name="transport">Whether transport is one of the parts.</param>
    /// <param name="graphs">Both sides' graphs; null where the spectral part is not tried.</param>
    public MethodChoice? Run(WeightedPairs pairs, TransportSide a, TransportSide b, bool transport, (SpectralGraph A, SpectralGraph B)? graphs)
    {
        var candidates = ClosedFormWeights.Candidates(settings, transport);
        var anchor = settings.Transport.Strict && candidates.ContainsKey(ClosedFormMethod.Linear) ? ClosedFormMethod.Linear : ClosedFormMethod.Blend;
        var scores = candidates.Keys.ToDictionary(method => method, _ => new List<double>());
        var spectral = candidates.Keys.ToDictionary(method => method, _ => new List<double>());
        var order = Enumerable.Range(0, (int)pairs.Count).Select(i => (long)i).ToArray();
        random.Shuffle(order.AsSpan());
        var folds = Math.Min(settings.Transport.Folds, order.Length);
        for (var number = 0; number < folds; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            fold(number, folds);
            using var scope = NewDisposeScope();
            var held = order.Where((_, i) => i % folds == number).ToArray();
            var kept = order.Where((_, i) => i % folds != number).ToArray();
            var rest = pairs.Pick(kept);
            if (kept.Length < 2 || Recipe.Fit(rest, Rows.Sample(rest.Count, settings.MaximumAnchors, random), settings) is not { } recipe)
                continue;
            var training = new TransportTraining(settings, round, cancellationToken);
            var trained = transport ? training.Run(a.Pick(kept, null), b.Pick(kept, null), recipe, settings.Transport.FoldRounds) : null;
            var (bankA, bankB) = (cat([pairs.A, a.Pool], 0), cat([pairs.B, b.Pool], 0));
            var (partsA, partsB) = (Parts(bankA, recipe.A, trained?.A), Parts(bankB, recipe.B, trained?.B));
            var maps = graphs is { } both ? SpectralMap.Fit(both.A, both.B, rest, settings) : default((SpectralMap A, SpectralMap B)?);
            foreach (var (method, weights) in candidates)
            {
                using var step = NewDisposeScope();
                var (embeddedA, embeddedB) = (weights.Join(partsA), weights.Join(partsB));
                scores[method].AddRange(Scores(embeddedA, embeddedB, held));
                if (maps is { } beside)
                    spectral[method].AddRange(Scores(Beside(beside.A, embeddedA, bankA), Beside(beside.B, embeddedB, bankB), held));
            }
        }
        fold(folds, folds);
        if (scores[anchor].Count == 0)
            return null;
        var (best, figures) = MethodChoice.Decide(anchor, scores.ToDictionary(entry => entry.Key, entry => (IReadOnlyList<double>)entry.Value));
        var taken = settings.Method == ClosedFormMethod.Chosen ? best : settings.Method;
        double? withSpectral = graphs is null ? null : spectral[taken].Average();
        return new MethodChoice(taken, anchor, figures, scores[anchor].Count, folds, a.Pool.size(0), b.Pool.size(0), withSpectral);
    }

    private Tensor[] Parts(Tensor bank, RecipeMap recipe, RecipeMap? transport)
    {
        var parts = new List<Tensor>();
        foreach (var map in new[] { recipe, transport })
        {
            if (map is null)
            {
                parts.AddRange(bank.narrow(1, 0, 0), bank.narrow(1, 0, 0)); // says nothing of any row
                continue;
            }
            var width = map.Linear.size(1);
            var both = Rows.InBlocks(bank, TransportSide.BlockSize, block =>
            {
                var (linear, kernel) = map.UnitParts(block);
                return cat([linear, kernel], 1);
            }, cancellationToken);
            parts.Add(both.narrow(1, 0, width));
            parts.Add(both.narrow(1, width, both.size(1) - width));
        }
        return [.. parts];
    }

    private Tensor Beside(SpectralMap map, Tensor embeddings, Tensor bank)
    {
        var width = embeddings.size(1);
        return Rows.InBlocks(cat([embeddings, bank], 1), settings.BlockSize, block =>
            map.Beside(block.narrow(1, 0, width), block.narrow(1, width, bank.size(1))), cancellationToken);
    }

    /// <summary>ln(1 + rows that are closer than the partner) of each held-out pair, the mean of both directions.</summary>
    /// <param name="a">Unit embeddings of all rows of A, of the pairs first.</param>
    /// <param name="b">Those of B; the partner of a pair's row has its number.</param>
    /// <param name="held">Numbers of the held-out pairs.</param>
    internal static double[] Scores(Tensor a, Tensor b, long[] held)
    {
        using var scope = NewDisposeScope();
        var (heldA, heldB) = (Rows.Pick(a, held), Rows.Pick(b, held));
        var partners = (heldA * heldB).sum(dim: 1).unsqueeze(1);
        return (Direction(heldA, b, partners).AddInPlace(Direction(heldB, a, partners))).Times(0.5).cpu().data<double>().ToArray();
    }

    private static Tensor Direction(Tensor queries, Tensor bank, Tensor partners)
    {
        var cosines = queries.matmul(bank.t());
        // A tie is half lost: an embedding that holds all rows in one place is not a good one. The partner is a row of the bank itself, half lost to itself.
        var above = (cosines > partners.Plus(RoundingError)).sum(1, type: ScalarType.Float64);
        above = above.Plus((cosines > partners.Minus(RoundingError)).sum(1, type: ScalarType.Float64));
        return above.Times(0.5).Plus(0.5).log();
    }
}
