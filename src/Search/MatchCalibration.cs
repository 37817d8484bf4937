using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Search;

/// <summary>
/// Turns evidence into probabilities, learnt from held-out pairs. Each pair is seen twice: with its partner in the bank and without it. One
/// logistic regression tells the two apart, another one, of the first kind only, whether the best row is the partner.
/// </summary>
internal sealed class MatchCalibration
{
    /// <summary>Pairs below which nothing is fitted.</summary>
    public const int FewestPairs = 10;

    private const int Folds = 5, Bins = 10;

    private readonly LogisticFit _absent;
    private readonly LogisticFit _right;

    private MatchCalibration(LogisticFit absent, LogisticFit right) => (_absent, _right) = (absent, right);

    /// <summary>What was learned, to be saved.</summary>
    /// <param name="Absent">Tells whether there is no partner.</param>
    /// <param name="Right">Tells whether the best row is the partner.</param>
    internal sealed record State(LogisticFit.State Absent, LogisticFit.State Right);

    /// <summary>What was learned.</summary>
    public State ToState() => new(_absent.ToState(), _right.ToState());

    /// <summary>A calibration that was saved.</summary>
    public static MatchCalibration Restore(State state) => new(LogisticFit.Restore(state.Absent), LogisticFit.Restore(state.Right));

    /// <summary>A pair's evidence with its partner in the bank and without it, and whether the best row was the partner.</summary>
    internal sealed record Example(MatchEvidence With, bool IsRight, MatchEvidence? Without);

    /// <summary>Fits on all pairs, and measures by cross-validation.</summary>
    /// <param name="examples">A pair each, at least <see cref="FewestPairs"/>.</param>
    /// <param name="share">Share of queries that are expected to have no partner.</param>
    /// <param name="random">Deals the folds.</param>
    /// <returns>
    /// The fit, and the expected calibration error of the confidence on pairs left out: the mean difference, in ten classes of confidence,
    /// between it and the share that is right.
    /// </returns>
    public static (MatchCalibration Fit, double Error) Of(Example[] examples, double share, ManagedGenerator random)
    {
        var order = Enumerable.Range(0, examples.Length).ToArray();
        random.Shuffle(order.AsSpan());
        var (weights, confidences, rights) = (new double[Bins], new double[Bins], new double[Bins]);
        for (var fold = 0; fold < Folds; fold++)
        {
            var fit = FitOn([.. order.Where((_, i) => i % Folds != fold).Select(i => examples[i])], share);
            foreach (var example in order.Where((_, i) => i % Folds == fold).Select(i => examples[i]))
            {
                Count(fit.Probabilities(example.With).Confidence, example.IsRight, 1 - share);
                if (example.Without is { } without)
                    Count(fit.Probabilities(without).Confidence, false, share);
            }
        }
        var error = Enumerable.Range(0, Bins).Sum(bin => Math.Abs(confidences[bin] - rights[bin])) / weights.Sum();
        return (FitOn(examples, share), error);

        void Count(double confidence, bool isRight, double weight)
        {
            var bin = Math.Min(Bins - 1, (int)(confidence * Bins));
            weights[bin] += weight;
            confidences[bin] += weight * confidence;
            rights[bin] += isRight ? weight : 0;
        }
    }

    /// <summary>The probability that the best row is the partner, and that there is none.</summary>
    public (double Confidence, double NoPartner) Probabilities(MatchEvidence evidence)
    {
        var features = evidence.ToFeatures();
        var absent = _absent.Probability(features);
        return ((1 - absent) * _right.Probability(features), absent);
    }

    private static MatchCalibration FitOn(Example[] examples, double share)
    {
        var absent = examples.Select(example => (example.With.ToFeatures(), false, 1 - share))
            .Concat(examples.Where(example => example.Without is not null).Select(example => (example.Without!.Value.ToFeatures(), true, share)));
        var right = examples.Select(example => (example.With.ToFeatures(), example.IsRight, 1.0));
        return new MatchCalibration(LogisticFit.Of([.. absent]), LogisticFit.Of([.. right]));
    }
}
