using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>
/// Fits the closed-form alignment: the recipe R on the pairs and, where the gate's cross-validation says that they help, self-training S
/// and the spectral part. No training loop; equal data, settings and seed give equal bits on one machine with one number of threads.
/// </summary>
/// <param name="settings">All settings.</param>
/// <param name="random">Chooses rows where there are too many, and the folds; has streams of its own for it.</param>
/// <param name="progress">Told after each round of self-training.</param>
/// <param name="cancellationToken">Stops between rounds and row blocks.</param>
internal sealed class AlignmentFitter(AlignmentSettings settings, RandomSource random, Action<AlignmentProgress>? progress = null, CancellationToken cancellationToken = default)
{
    private const string StreamPrefix = "alignment/";
    private readonly List<int> _pseudoPairs = [];
    private int _roundsDone;

    /// <summary>Fits an alignment, which the caller disposes.</summary>
    /// <exception cref="NothingToAlignException">There is nothing to align: the rows or the pairs of a side are all equal, or the sides do not vary together.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public (ClosedFormAlignment Alignment, AlignmentReport Report) Fit(AlignmentData data)
    {
        _pseudoPairs.Clear();
        _roundsDone = 0;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (preparedA, preparedB) = (Prepare(data, AlignmentSide.A), Prepare(data, AlignmentSide.B));
        var pairs = WeightedPairs.Equal(Apply(preparedA, data.PairsA), Apply(preparedB, data.PairsB), preparedA.Bandwidth, preparedB.Bandwidth);
        var pools = new Pools(Pool(preparedA, data.UnpairedA, "pool a"), Pool(preparedB, data.UnpairedB, "pool b"));
        var recipe = Recipe.Fit(pairs, Rows.Sample(pairs.Count, settings.MaximumAnchors, Stream("anchors")), settings) ?? throw new NothingToAlignException(
            $"The closed-form alignment finds no relation in the {pairs.Count} pairs: on one side they are all equal, beside the spread of that side's rows (one huge value is enough), or the sides do not vary together.");

        // Without unpaired rows on both sides there is nothing to match, and nothing to rank held-out pairs against.
        var noPool = Math.Min(pools.A.size(0), pools.B.size(0)) == 0;
        var trainingUse = noPool ? PartUse.Off : settings.SelfTraining.Use;
        var spectralUse = noPool && settings.Spectral.Use == PartUse.Gated ? PartUse.Off : settings.Spectral.Use;
        var graphs = spectralUse == PartUse.Off ? null : FitGraphs(pairs, pools);
        if (graphs is null)
            spectralUse = PartUse.Off;
        var gate = trainingUse == PartUse.Gated || spectralUse == PartUse.Gated ? RunGate(pairs, pools, trainingUse, spectralUse == PartUse.Gated ? graphs : null) : null;

        var trains = trainingUse == PartUse.On || (trainingUse == PartUse.Gated && gate is { KeepsSelfTraining: true });
        if (trains)
            recipe = Trainer(pools, final: true).Run(pairs, recipe, settings.SelfTraining.Rounds);
        var spectral = spectralUse == PartUse.On || gate?.Spectral < (trains ? gate?.SelfTraining : gate?.Recipe);
        var maps = spectral ? SpectralMap.Fit(graphs!.Value.A, graphs.Value.B, pairs, settings) : default((SpectralMap A, SpectralMap B)?);
        var a = Smooth(new SideAlignment(preparedA.Mean, preparedA.Basis, recipe.A, maps?.A, null, null, 0), pairs.A, pools.A);
        var b = Smooth(new SideAlignment(preparedB.Mean, preparedB.Basis, recipe.B, maps?.B, null, null, 0), pairs.B, pools.B);
        var (width, kept) = (settings.EmbeddingDimension ?? (int)a.NaturalWidth, 1d);
        (a, b) = (a with { Width = width }, b with { Width = width });
        if (width < a.NaturalWidth)
        {
            (var cut, kept) = LeadingDirections(a, b, pairs, pools, width);
            (a, b) = (a with { Cut = cut }, b with { Cut = cut.clone() });
        }
        var report = new AlignmentReport(trains, spectral, gate, [.. _pseudoPairs], pools.A.size(0), pools.B.size(0), a.NaturalWidth, kept);
        return (new ClosedFormAlignment(a, b, settings.BlockSize), report);
    }

    /// <summary>Rounds of self-training that a fit reports at most, those of the gate's folds included.</summary>
    public static int Rounds(AlignmentSettings settings)
    {
        var options = settings.SelfTraining;
        var gated = options.Use == PartUse.Gated || settings.Spectral.Use == PartUse.Gated;
        return options.Use == PartUse.Off ? 0 : options.Rounds + (gated ? options.GateFolds * options.GateRounds : 0);
    }

    private ManagedGenerator Stream(string name) => random.Managed(StreamPrefix + name);

    private RowPreparation Prepare(AlignmentData data, AlignmentSide side) =>
        RowPreparation.Fit(data.AllRows(side), settings.PrincipalComponents, settings.BlockSize, cancellationToken)
        ?? throw new NothingToAlignException($"The closed-form alignment cannot use side {side}: all its rows are equal, or their values too large for float64.");

    private Tensor Apply(RowPreparation prepared, RowSource rows) => prepared.Apply(rows, settings.BlockSize, cancellationToken);

    private Tensor Pool(RowPreparation prepared, RowSource? unpaired, string stream)
    {
        if (unpaired is null)
            return prepared.Basis.new_zeros([0, prepared.Basis.size(1)]);
        return Apply(prepared, Rows.Sample(unpaired.Count, settings.SelfTraining.MaximumRows, Stream(stream)) is { } numbers ? unpaired.Pick(numbers) : unpaired);
    }

    private (SpectralGraph A, SpectralGraph B)? FitGraphs(WeightedPairs pairs, Pools pools)
    {
        SpectralGraph? Of(Tensor own, Tensor pool) => SpectralGraph.Fit(Bank(own, pool, settings.Spectral.MaximumRows), settings.Spectral, settings.BlockSize);
        return Of(pairs.A, pools.A) is { } a && Of(pairs.B, pools.B) is { } b ? (a, b) : null;
    }

    private Tensor Bank(Tensor own, Tensor pool, int maximum)
    {
        using var all = cat([own, pool], 0);
        return Rows.Pick(all, Rows.Sample(all.size(0), maximum, Stream("bank")));
    }

    private GateFigures? RunGate(WeightedPairs pairs, Pools pools, PartUse trainingUse, (SpectralGraph A, SpectralGraph B)? graphs)
    {
        var trainer = Trainer(pools, final: false);
        Recipe Train(WeightedPairs fold, Recipe start) => trainer.Run(fold, start, settings.SelfTraining.GateRounds);
        return new AlignmentGate(settings, pools.A, pools.B, Stream("folds"), cancellationToken)
            .Run(pairs, trainingUse == PartUse.Off ? null : Train, trainingUse == PartUse.On, graphs);
    }

    private SelfTraining Trainer(Pools pools, bool final)
    {
        var total = Rounds(settings);
        return new SelfTraining(settings, pools.A, pools.B, Stream("anchors"), pseudoPairs =>
        {
            if (final)
                _pseudoPairs.Add(pseudoPairs);
            progress?.Invoke(new AlignmentProgress(++_roundsDone, total, pseudoPairs));
        }, cancellationToken);
    }

    private SideAlignment Smooth(SideAlignment side, Tensor own, Tensor pool)
    {
        var options = settings.Smoothing;
        if (!options.Use)
            return side;
        var bank = Bank(own, pool, options.MaximumRows);
        return side with { Smoothing = new SmoothingBank(bank, Rows.InBlocks(bank, settings.BlockSize, side.Embed, cancellationToken), options.Weight, options.Neighbours) };
    }

    // Principal directions, about zero, of both sides' embeddings: of all projections the one that keeps most of their length.
    private (Tensor Cut, double Kept) LeadingDirections(SideAlignment a, SideAlignment b, WeightedPairs pairs, Pools pools, int width)
    {
        using var scope = NewDisposeScope();
        var moment = pairs.A.new_zeros([a.NaturalWidth, a.NaturalWidth]);
        foreach (var (side, rows) in new[] { (a, pairs.A), (a, pools.A), (b, pairs.B), (b, pools.B) })
            for (long start = 0; start < rows.size(0); start += settings.BlockSize)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var step = NewDisposeScope();
                var embeddings = side.Embed(rows.narrow(0, start, Math.Min(settings.BlockSize, rows.size(0) - start)));
                moment.add_(embeddings.t().matmul(embeddings), Scalars.Of(1d / rows.size(0))); // both sides, and pairs and unpaired rows, count the same
            }
        var (values, vectors) = linalg.eigh(moment);
        var first = values.size(0) - width;
        return (vectors.narrow(1, first, width).flip(1).MoveToOuterDisposeScope(), (values.narrow(0, first, width).sum() / values.sum()).item<double>());
    }

    private sealed record Pools(Tensor A, Tensor B);
}
