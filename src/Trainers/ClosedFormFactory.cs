using System.Text.Json;
using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers.Sharding;
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

    /// <summary>
    /// Fits a closed form, which the caller disposes. Where the rows are dealt out among processes, rank 0 fits and asks the others for what it needs of their
    /// rows; all get its result.
    /// </summary>
    /// <param name="closedForm">Its options.</param>
    /// <param name="dimension">Width of its embeddings; null leaves the natural width.</param>
    /// <param name="data">Pairs and unpaired samples.</param>
    /// <param name="random">Its streams are its own.</param>
    /// <param name="device">Where it shall live.</param>
    /// <param name="progress">Told how far it is; may throw to stop.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    /// <param name="checkCancelled">Called by the others before each answer; throws to stop. Null for none.</param>
    /// <exception cref="NothingToAlignException">There is nothing to align.</exception>
    public static (ClosedFormAlignment Alignment, ClosedFormReport Report) Fit(
        ClosedFormOptions closedForm, int? dimension, TrainingData data, RandomSource random, Device device, Action<AlignmentProgress> progress,
        CancellationToken cancellationToken, Action? checkCancelled = null)
    {
        using var scope = NewDisposeScope();
        var settings = Settings(closedForm, dimension);
        if (data.A.Store is not ShardedStore { Shards: var shards } || data.B.Store is not ShardedStore)
            return Fit(new AlignmentFitter(settings, random, progress, cancellationToken), Rows);
        var shared = new SharedRows(shards, device, checkCancelled ?? (() => { }));
        var parts = new Queue<RowSource>(AllRows(data).Select(rows => shared.Add((ShardedStore)rows.Store, rows.Positions)));
        if (shards.Group.Rank > 0)
        {
            if (shared.Serve() is { } nothing)
                throw new NothingToAlignException(nothing);
            return OfFirst(shards.Group, settings.BlockSize, device, null);
        }
        try
        {
            var fitted = Fit(new AlignmentFitter(settings, random, Tell, cancellationToken), (_, _) => parts.Dequeue());
            shared.End(null);
            return OfFirst(shards.Group, settings.BlockSize, device, fitted);
        }
        catch (NothingToAlignException nothing)
        {
            shared.End(nothing.Message);
            throw;
        }

        void Tell(AlignmentProgress now)
        {
            progress(now);
            shared.Tick();
        }

        // Read from the stores a block at a time: copies would be as large as the features again.
        RowSource Rows(ExampleStore store, IReadOnlyList<int> positions) => new StoredRows(store, [.. positions], device);

        (ClosedFormAlignment, ClosedFormReport) Fit(AlignmentFitter fitter, Func<ExampleStore, IReadOnlyList<int>, RowSource> source)
        {
            RowSource[] rows = [.. AllRows(data).Select(rows => source(rows.Store, rows.Positions))];
            var (alignment, report) = fitter.Fit(new AlignmentData(rows[0], rows[1], rows[2], rows[3]));
            return (alignment, Public(report));
        }
    }

    private static (ExampleStore Store, IReadOnlyList<int> Positions)[] AllRows(TrainingData data) =>
        [(data.A.Store, data.A.Pairs), (data.B.Store, data.B.Pairs), (data.A.Store, data.A.Unpaired), (data.B.Store, data.B.Unpaired)];

    // All that was fitted and found, tensors and numbers alike.
    private static (ClosedFormAlignment Alignment, ClosedFormReport Report) OfFirst(
        ProcessGroup group, int blockSize, Device device, (ClosedFormAlignment Alignment, ClosedFormReport Report)? fitted)
    {
        const string purpose = "the closed form of rank 0";
        if (!group.IsShared())
            return fitted!.Value;
        var state = fitted?.Alignment.GetState();
        var shapes = JsonSerializer.Deserialize<SortedDictionary<string, long[]>>(group.OfFirst(
            state is null ? null : JsonSerializer.Serialize(state.ToDictionary(entry => entry.Key, entry => entry.Value.shape)), purpose)!)!;
        var received = new Dictionary<string, Tensor>();
        foreach (var (name, shape) in shapes.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            var flat = state is null
                ? empty(shape.Aggregate(1L, (product, size) => product * size), ScalarType.Float64) : state[name].cpu().contiguous().view(-1);
            group.BroadcastFlat(flat, 0, purpose);
            received.Add(name, flat.view(shape).to(device));
        }
        var report = group.OfFirst(fitted is null ? null : JsonSerializer.Serialize(fitted.Value.Report, ModelSerializer.Json), purpose)!;
        return fitted ?? (ClosedFormAlignment.FromState(received, blockSize), JsonSerializer.Deserialize<ClosedFormReport>(report, ModelSerializer.Json)!);
    }

    private static ClosedFormReport Public(AlignmentReport report) => new(
        report.UsesSelfTraining, report.UsesSpectral, report.Gate?.Recipe, report.Gate?.SelfTraining, report.Gate?.Spectral,
        report.UsesSelfTraining ? report.PseudoPairs : [], report.RowsA, report.RowsB, report.NaturalWidth, Share: 0, report.KeptEnergy)
    {
        PairLogRankOfPairsAlone = report.Gate?.PairsRecipe,
        PairLogRankOfSelfTraining = report.Gate?.PairsSelfTraining,
        Method = report.Method,
        UsesTransport = report.UsesTransport,
        Choice = report.Choice is { } choice ? Public(choice) : null,
    };

    private static ClosedFormChoice Public(MethodChoice choice) => new(
        choice.Taken, choice.Anchor,
        [.. choice.Candidates.Select(candidate => new ClosedFormCandidate(candidate.Method, candidate.Score, candidate.Difference, candidate.StandardError))],
        choice.Pairs, choice.Folds, choice.RowsA, choice.RowsB);
}
