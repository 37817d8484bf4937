using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Decides which pairs a training is validated on.</summary>
internal static class ValidationPairs
{
    private const int FewestPairs = 2;

    /// <summary>The pairs of a data set of their own, or a share of the training pairs, which are then taken out of the training.</summary>
    /// <exception cref="InvalidOperationException">There are too few pairs.</exception>
    public static ValidationSet? Choose(TrainingData train, TrainingData? validation, double fraction, RandomSource random)
    {
        if (validation is not null)
        {
            if (validation.BindingA.InputDimension != train.BindingA.InputDimension || validation.BindingB.InputDimension != train.BindingB.InputDimension)
                throw new ArgumentException("The validation data's columns have other sizes than the training data's.");
            if (validation.PairsA.Count < FewestPairs)
                throw new InvalidOperationException($"The validation data hold {validation.PairsA.Count} matched pairs; expected at least {FewestPairs}.");
            return new ValidationSet(validation.A, [.. validation.PairsA], validation.B, [.. validation.PairsB]);
        }
        if (fraction == 0)
            return null;
        var pairs = train.PairsA.Count;
        var count = Math.Max(FewestPairs, (int)Math.Round(fraction * pairs));
        if (pairs - count < FewestPairs)
            throw new InvalidOperationException(
                $"ValidationFraction {fraction} of {pairs} matched pairs leaves {pairs - count} to train on; expected at least {FewestPairs}. Use fewer or give Fit a validation set.");
        var order = Enumerable.Range(0, pairs).ToArray();
        random.Managed("validation").Shuffle(order.AsSpan());
        var (a, b) = train.HoldOut(order[..count]);
        return new ValidationSet(train.A, a, train.B, b);
    }
}
