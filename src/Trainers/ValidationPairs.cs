using System.Globalization;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Decides which pairs a training is validated on.</summary>
internal static class ValidationPairs
{
    private const int FewestPairs = 2;

    /// <summary>The pairs of a data set of their own, or a share of the training pairs, which are then taken out of the training.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column of the validation data has another size than that of the training data.</exception>
    /// <exception cref="InvalidOperationException">There are too few pairs.</exception>
    public static ValidationSet? Choose(TrainingData train, TrainingData? validation, double fraction, RandomSource random)
    {
        if (validation is not null)
        {
            CheckSize(train.BindingA, validation.BindingA);
            CheckSize(train.BindingB, validation.BindingB);
            if (validation.PairsA.Count < FewestPairs)
                throw new InvalidOperationException($"The validation data hold {validation.PairsA.Count} matched pairs; expected at least {FewestPairs}.");
            return new ValidationSet(validation.A, [.. validation.PairsA], validation.B, [.. validation.PairsB]);
        }
        if (fraction == 0)
            return null;
        var pairs = train.PairsA.Count;
        var count = Math.Max(FewestPairs, (int)Math.Round(fraction * pairs));
        if (pairs - count < FewestPairs)
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                $"ValidationFraction {fraction} holds out {count} of {pairs} matched pairs; expected at least {FewestPairs} to be left to train on. Hold out fewer, or give Fit a validation set."));
        var order = Enumerable.Range(0, pairs).ToArray();
        random.Managed("validation").Shuffle(order.AsSpan());
        var (a, b) = train.HoldOut(order[..count]);
        return new ValidationSet(train.A, a, train.B, b);
    }

    private static void CheckSize(ModalityBinding train, ModalityBinding validation)
    {
        if (train.InputDimension != validation.InputDimension)
            throw SchemaErrors.Mismatch("validation", validation.Column.Name, train.Column.Type.ToString()!, validation.Column.Type.ToString()!);
    }
}
