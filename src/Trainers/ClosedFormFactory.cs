using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Fits the closed form of a training on the rows that the towers are trained on.</summary>
internal static class ClosedFormFactory
{
    private const int FewestPairs = 2;
    private static readonly double[] Shares = [0, 0.25, 0.5, 0.75, 0.9, 1];

    /// <summary>The closed-form part of the model that the options ask for; null for none or a mere teacher.</summary>
    public static ClosedFormSpec? Spec(GentleClipOptions options) => options.ClosedForm switch
    {
        { Role: ClosedFormRole.Alone } => new ClosedFormSpec(ClosedFormRole.Alone, 1, options.EmbeddingDimension),
        { Role: ClosedFormRole.BesideTowers } closedForm => new ClosedFormSpec(closedForm.Role, closedForm.Share ?? ClosedFormOptions.DefaultShare, options.ClosedFormSlots),
        _ => null,
    };

    /// <summary>Why an optional closed form cannot be fitted on the data; null where it can.</summary>
    public static string? Obstacle(GentleClipOptions options, TrainingData data)
    {
        foreach (var modality in new[] { options.ModalityA!, options.ModalityB! })
        {
            if (!modality.SuitsClosedForm)
                return $"column '{modality.InputColumnName}' does not hold feature vectors, and its encoder is not frozen";
        }
        if (options.ClosedForm is { Role: ClosedFormRole.BesideTowers } && !options.LeavesTowersSlots)
            return $"an embedding of {options.EmbeddingDimension} slots has none to spare";
        return data.PairsA.Count < FewestPairs ? $"there are {data.PairsA.Count} matched pairs" : null;
    }

    /// <summary>The options with a role that was left to the fit decided, and the reason for the log; null where there was nothing to decide.</summary>
    /// <param name="options">The user's.</param>
    /// <param name="validates">Whether pairs of their own validate.</param>
    /// <param name="continues">Whether there is a model to continue from.</param>
    public static (GentleClipOptions Options, string? Reason) Decide(GentleClipOptions options, bool validates, bool continues)
    {
        if (options.ClosedForm is not { Role: ClosedFormRole.Chosen } closedForm)
            return (options, null);
        var towers = TowerWishes.Of(options, validates, continues);
        return (
            new GentleClipOptions(options) { ClosedForm = closedForm with { Role = towers is null ? ClosedFormRole.Alone : ClosedFormRole.BesideTowers } },
            towers is null
                ? "the closed form alone, no towers: both modalities are feature vectors or have frozen encoders, and nothing asks for towers"
                : $"towers with the closed form beside them where it can be fitted: {towers}");
    }

    /// <summary>Gives the closed form the share of the embedding that validates best, where there are towers beside it.</summary>
    /// <param name="model">On the device.</param>
    /// <param name="validation">The pairs.</param>
    /// <param name="device">Where the model lives.</param>
    /// <param name="embedded">Told how many rows are embedded, of <see cref="RowsOfChoice"/>; may throw to stop.</param>
    public static void ChooseShare(TwoTowerModel model, ValidationSet validation, Device device, Action<int> embedded)
    {
        model.SetShare(MiddleOfBest([.. Shares.Select((share, i) =>
        {
            model.SetShare(share);
            return (share, validation.Evaluate(model, device, rows => embedded(i * validation.Rows + rows)).MeanLogRank!.Value);
        })]));
    }

    /// <summary>
    /// The share of the lowest score; of equals the middle one, farthest from those that are worse, and of two in the middle the one that is
    /// nearer to <see cref="ClosedFormOptions.DefaultShare"/>.
    /// </summary>
    public static double MiddleOfBest(IReadOnlyList<(double Share, double Score)> candidates)
    {
        var least = candidates.Min(candidate => candidate.Score);
        double[] best = [.. candidates.Where(candidate => candidate.Score == least).Select(candidate => candidate.Share).Order()];
        var (lower, upper) = (best[(best.Length - 1) / 2], best[best.Length / 2]);
        return Math.Abs(lower - ClosedFormOptions.DefaultShare) < Math.Abs(upper - ClosedFormOptions.DefaultShare) ? lower : upper;
    }

    /// <summary>Rows that <see cref="ChooseShare"/> embeds.</summary>
    public static int RowsOfChoice(ValidationSet validation) => Shares.Length * validation.Rows;

    /// <summary>The alignment's settings; a null dimension leaves its natural width.</summary>
    public static AlignmentSettings Settings(ClosedFormOptions closedForm, int? dimension) => new()
    {
        PrincipalComponents = closedForm.PrincipalComponents,
        Ridge = closedForm.Ridge,
        Power = closedForm.Power,
        LinearWeight = closedForm.LinearWeight,
        KernelWeight = closedForm.KernelWeight,
        MaximumAnchors = closedForm.MaximumAnchors,
        EmbeddingDimension = dimension,
        Method = closedForm.Method,
        Transport = new TransportSettings { Strict = closedForm.Strict, Rounds = closedForm.TransportRounds, MaximumRows = closedForm.MaximumTransportRows },
        SelfTraining = new SelfTrainingSettings
        {
            Use = closedForm.SelfTraining,
            Rounds = closedForm.SelfTrainingRounds,
            PseudoPairs = closedForm.PseudoPairs,
            PseudoPairWeight = closedForm.PseudoPairWeight,
            MaximumRows = closedForm.MaximumUnpairedRows,
        },
        Smoothing = new SmoothingSettings { Use = closedForm.Smoothing, MaximumRows = closedForm.MaximumUnpairedRows },
        Spectral = new SpectralSettings { Use = closedForm.Spectral },
    };

    /// <summary>Fits a closed form, which the caller disposes.</summary>
    /// <param name="closedForm">Its options.</param>
    /// <param name="dimension">Width of its embeddings; null leaves the natural width.</param>
    /// <param name="data">Pairs and unpaired samples.</param>
    /// <param name="random">Its streams are its own.</param>
    /// <param name="device">Where it shall live.</param>
    /// <param name="progress">Told how far it is; may throw to stop.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    /// <exception cref="InvalidOperationException">Fewer than two pairs, or nothing to align.</exception>
    public static (ClosedFormAlignment Alignment, ClosedFormReport Report) Fit(
        ClosedFormOptions closedForm, int? dimension, TrainingData data, RandomSource random, Device device, Action<AlignmentProgress> progress, CancellationToken cancellationToken)
    {
        if (data.PairsA.Count < FewestPairs)
            throw new InvalidOperationException(
                $"The closed form is fitted on matched pairs, and the training data hold {data.PairsA.Count}; expected at least {FewestPairs}. {data.DescribePairs()}");
        using var scope = NewDisposeScope();
        var fitter = new AlignmentFitter(Settings(closedForm, dimension), random, progress, cancellationToken);
        // Read from the stores a block at a time: copies would be as large as the features again.
        StoredRows Rows(ExampleStore store, IReadOnlyList<int> positions) => new(store, [.. positions], device);
        var (alignment, report) = fitter.Fit(new AlignmentData(
            Rows(data.A, data.PairsA), Rows(data.B, data.PairsB), Rows(data.A, data.UnpairedA), Rows(data.B, data.UnpairedB)));
        return (alignment, new ClosedFormReport(report.UsesSelfTraining, report.UsesSpectral, report.Gate?.Recipe, report.Gate?.SelfTraining, report.Gate?.Spectral,
            report.UsesSelfTraining ? report.PseudoPairs : [], report.RowsA, report.RowsB, report.NaturalWidth, Share: 0, report.KeptEnergy)
        {
            PairLogRankOfPairsAlone = report.Gate?.PairsRecipe,
            PairLogRankOfSelfTraining = report.Gate?.PairsSelfTraining,
            Method = report.Method,
            UsesTransport = report.UsesTransport,
            Choice = report.Choice is { } choice ? Public(choice) : null,
        });
    }

    private static ClosedFormChoice Public(MethodChoice choice) => new(
        choice.Taken, choice.Anchor,
        [.. choice.Candidates.Select(candidate => new ClosedFormCandidate(candidate.Method, candidate.Score, candidate.Difference, candidate.StandardError))],
        choice.Pairs, choice.Folds, choice.RowsA, choice.RowsB);
}
