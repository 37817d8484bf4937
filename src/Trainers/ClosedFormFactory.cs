using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Fits the closed form of a training on the rows that the towers are trained on.</summary>
internal static class ClosedFormFactory
{
    private static readonly double[] Shares = [0, 0.25, 0.5, 0.75, 0.9, 1];

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
    /// <exception cref="NothingToAlignException">There is nothing to align.</exception>
    public static (ClosedFormAlignment Alignment, ClosedFormReport Report) Fit(
        ClosedFormOptions closedForm, int? dimension, TrainingData data, RandomSource random, Device device, Action<AlignmentProgress> progress,
        CancellationToken cancellationToken)
    {
        using var scope = NewDisposeScope();
        var fitter = new AlignmentFitter(Settings(closedForm, dimension), random, progress, cancellationToken);
        // Read from the stores a block at a time: copies would be as large as the features again.
        StoredRows Rows(ExampleStore store, IReadOnlyList<int> positions) => new(store, [.. positions], device);
        var (alignment, report) = fitter.Fit(new AlignmentData(
            Rows(data.A.Store, data.A.Pairs), Rows(data.B.Store, data.B.Pairs), Rows(data.A.Store, data.A.Unpaired), Rows(data.B.Store, data.B.Unpaired)));
        return (alignment, new ClosedFormReport(
            report.UsesSelfTraining, report.UsesSpectral, report.Gate?.Recipe, report.Gate?.SelfTraining, report.Gate?.Spectral,
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
