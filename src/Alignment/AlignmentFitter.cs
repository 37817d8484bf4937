using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>
/// Fits the closed-form alignment: the recipe R on the pairs, transport self-training T of the unpaired rows, and the weights of their parts, which
/// the pairs choose by cross-validation; or self-training S behind its gate. No training loop; equal data, settings and seed give equal bits on one
/// machine with one number of threads.
/// </summary>
/// <param name="settings">All settings.</param>
/// <param name="random">Chooses rows where there are too many, anchors and the folds; has streams of its own for it.</param>
/// <param name="progress">Told after each block of rows, fold and round; may throw to stop.</param>
/// <param name="cancellationToken">Stops within rounds, and between row blocks.</param>
internal sealed class AlignmentFitter(AlignmentSettings settings, RandomSource random, Action<AlignmentProgress>? progress = null,
    CancellationToken cancellationToken = default)
{
    private const string StreamPrefix = "alignment/";
    // The rows are gone through for their mean, their variance and their moments; those of many columns more often.
    private const int PassesOverRows = 3;

    private readonly List<int> _pseudoPairs = [];
    private long _passed, _rows;
    private int _foldsDone, _folds, _roundsDone, _rounds;

    /// <summary>Fits an alignment, which the caller disposes.</summary>
    /// <exception cref="NothingToAlignException">
    /// There is nothing to align: the rows or the pairs of a side are all equal, or the sides do not vary together.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public (ClosedFormAlignment Alignment, AlignmentReport Report) Fit(AlignmentData data)
    {
        _pseudoPairs.Clear();
        (_passed, _rows) = (0, data.AllRows(Side.A).Sum(part => part.Count) + data.AllRows(Side.B).Sum(part => part.Count));
        Report(TrainingPhase.PreparingRows);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (preparedA, preparedB) = (Prepare(data, Side.A), Prepare(data, Side.B));
        var pairs = WeightedPairs.Equal(Apply(preparedA, data.PairsA), Apply(preparedB, data.PairsB), preparedA.Bandwidth, preparedB.Bandwidth);
        var pools = new Pools(Pool(preparedA, data.UnpairedA, "pool a"), Pool(preparedB, data.UnpairedB, "pool b"));
        PassRows(PassesOverRows * _rows); // whatever way they took
        var recipe = Recipe.Fit(pairs, Rows.Sample(pairs.Count, settings.MaximumAnchors, Stream("anchors")), settings) ?? throw new NothingToAlignException(
            $"The closed-form alignment finds no relation in the {pairs.Count} pairs: on one side they are all equal, beside the spread of that side's rows "
                + $"(one huge value is enough), or the sides do not vary together.");

        var form = settings.Method == ClosedFormMethod.SelfTraining ? SelfTrained(pairs, pools, recipe) : Chosen(pairs, pools, recipe);
        var a = Smooth(new SideAlignment(preparedA.Mean, preparedA.Basis, form.Recipe.A, form.Transport?.A, form.Spectral?.A, null, null, 0), pairs.A, pools.A);
        var b = Smooth(new SideAlignment(preparedB.Mean, preparedB.Basis, form.Recipe.B, form.Transport?.B, form.Spectral?.B, null, null, 0), pairs.B, pools.B);
        var (width, kept) = (settings.EmbeddingDimension ?? (int)a.NaturalWidth, 1d);
        (a, b) = (a with { Width = width }, b with { Width = width });
        if (width < a.NaturalWidth)
        {
            (var cut, kept) = LeadingDirections(a, b, pairs, pools, width);
            (a, b) = (a with { Cut = cut }, b with { Cut = cut.clone() });
        }
        return (new ClosedFormAlignment(a, b, settings.BlockSize), form.Report with { NaturalWidth = a.NaturalWidth, KeptEnergy = kept });
    }

    private static bool Decides(AlignmentSettings settings) => settings.Method == ClosedFormMethod.Chosen || settings.Spectral.Use == ClosedFormPart.Gated;

    private Form SelfTrained(WeightedPairs pairs, Pools pools, Recipe recipe)
    {
        // Without unpaired rows on both sides there is nothing to match, and nothing to rank held-out pairs against.
        var noPool = Math.Min(pools.A.size(0), pools.B.size(0)) == 0;
        var trainingUse = noPool ? ClosedFormPart.Off : settings.SelfTraining.Use;
        var spectralUse = noPool && settings.Spectral.Use == ClosedFormPart.Gated ? ClosedFormPart.Off : settings.Spectral.Use;
        var graphs = spectralUse == ClosedFormPart.Off ? null : FitGraphs(pairs, pools);
        if (graphs is null)
            spectralUse = ClosedFormPart.Off;
        var gate = trainingUse == ClosedFormPart.Gated || spectralUse == ClosedFormPart.Gated
            ? RunGate(pairs, pools, trainingUse, spectralUse == ClosedFormPart.Gated ? graphs : null) : null;

        var trains = trainingUse == ClosedFormPart.On || (trainingUse == ClosedFormPart.Gated && gate is { KeepsSelfTraining: true });
        (_roundsDone, _rounds) = (0, trains ? settings.SelfTraining.Rounds : 0);
        Report(TrainingPhase.FittingClosedForm);
        if (trains)
            recipe = Trainer(pools, final: true).Run(pairs, recipe, settings.SelfTraining.Rounds);
        var spectral = spectralUse == ClosedFormPart.On || gate?.Spectral < (trains ? gate?.SelfTraining : gate?.Recipe);
        return new Form(recipe, null, spectral ? SpectralMap.Fit(graphs!.Value.A, graphs.Value.B, pairs, settings) : default((SpectralMap A, SpectralMap B)?),
            new AlignmentReport(ClosedFormMethod.SelfTraining, false, trains, spectral, null, gate, [.. _pseudoPairs], pools.A.size(0), pools.B.size(0), 0, 1));
    }

    private Form Chosen(WeightedPairs pairs, Pools pools, Recipe recipe)
    {
        var options = settings.Transport;
        var smaller = Math.Min(pools.A.size(0), pools.B.size(0));
        var transport = smaller >= (settings.Method == ClosedFormMethod.Chosen ? options.FewestRows : 1)
            && settings.Method is not (ClosedFormMethod.Linear or ClosedFormMethod.LinearAndKernel);
        if (settings.Method == ClosedFormMethod.Transport && !transport)
            throw new NothingToAlignException(
                $"Transport needs unpaired rows on both sides; found {pools.A.size(0)} of side A and {pools.B.size(0)} of side B.");
        var (a, b) = (TransportSideOf(pairs.A, pools.A, pairs.BandwidthA, transport, "a"), TransportSideOf(pairs.B, pools.B, pairs.BandwidthB, transport, "b"));
        var graphs = settings.Spectral.Use == ClosedFormPart.Off ? null : FitGraphs(pairs, pools);
        var choice = Decides(settings) ? Select(pairs, a, b, transport, settings.Spectral.Use == ClosedFormPart.Gated ? graphs : null) : null;

        var method = settings.Method != ClosedFormMethod.Chosen ? settings.Method : choice?.Taken ?? ClosedFormMethod.Blend;
        var weights = ClosedFormWeights.Of(method, settings, transport);
        (_roundsDone, _rounds) = (0, weights.UsesTransport ? options.Rounds : 0);
        Report(TrainingPhase.FittingClosedForm);
        var trained = weights.UsesTransport ? Train(a, b, recipe) : null;
        if (method == ClosedFormMethod.Transport && settings.Method == method && trained is null)
            throw new NothingToAlignException("Transport between the unpaired rows finds no relation: the sides do not vary together under its plan.");
        if (weights.UsesTransport && trained is null) // the sides do not vary together under the plan
            (method, weights) = (ClosedFormMethod.Blend, ClosedFormWeights.Of(ClosedFormMethod.Blend, settings, transport: false));
        var score = choice?.Candidates.FirstOrDefault(candidate => candidate.Method == method)?.Score;
        var spectral = graphs is not null && (settings.Spectral.Use == ClosedFormPart.On || choice?.Spectral < score);
        return new Form(Weighted(recipe, weights, pairs), method == ClosedFormMethod.Transport ? null : trained,
            spectral ? SpectralMap.Fit(graphs!.Value.A, graphs.Value.B, pairs, settings) : default((SpectralMap A, SpectralMap B)?),
            new AlignmentReport(
                method, trained is not null, false, spectral, settings.Method == ClosedFormMethod.Chosen ? choice : null, null, [],
                    a.Pool.size(0), b.Pool.size(0), 0, 1));

        // Parts without weight are not stored.
        Recipe Weighted(Recipe all, ClosedFormWeights of, WeightedPairs on) => method switch
        {
            ClosedFormMethod.Transport => trained!,
            ClosedFormMethod.Linear => Recipe.Fit(on, null, settings with { LinearWeight = 1, KernelWeight = 0 }) ?? throw new NothingToAlignException(
                $"The closed-form alignment finds no linear relation in the {on.Count} pairs."),
            _ => new Recipe(all.A.Weighted(of.Linear, of.Kernel), all.B.Weighted(of.Linear, of.Kernel)),
        };
    }

    private TransportSide TransportSideOf(Tensor pairs, Tensor pool, double bandwidth, bool transport, string name)
    {
        using var scope = NewDisposeScope();
        var rows = Rows.Pick(pool, Rows.Sample(pool.size(0), settings.Transport.MaximumRows, Stream("transport rows " + name)));
        var side = transport
            ? TransportSide.Create(pairs, rows, bandwidth, settings, Stream("transport anchors " + name))
            : new TransportSide(pairs.alias(), rows, pairs.narrow(1, 0, 0), rows.narrow(1, 0, 0), pairs.narrow(0, 0, 0), pairs.new_zeros([0, 0]), bandwidth);
        foreach (var tensor in new[] { side.Pairs, side.Pool, side.PairFeatures, side.PoolFeatures, side.Anchors, side.Expansion })
            tensor.MoveToOuterDisposeScope();
        return side;
    }

    private MethodChoice? Select(WeightedPairs pairs, TransportSide a, TransportSide b, bool transport, (SpectralGraph A, SpectralGraph B)? graphs)
    {
        using var scope = NewDisposeScope();
        TransportSide Fewer(TransportSide side, string name) =>
            side.Pick(null, Rows.Sample(side.Pool.size(0), settings.Transport.FoldRows, Stream("fold rows " + name)));
        var selection = new ClosedFormSelection(
            settings, Stream("folds"), Folds, () => Report(TrainingPhase.ChoosingByFolds), cancellationToken);
        return selection.Run(pairs, Fewer(a, "a"), Fewer(b, "b"), transport, graphs);
    }

    private Recipe? Train(TransportSide a, TransportSide b, Recipe recipe) => new TransportTraining(settings, () =>
    {
        _roundsDone++;
        Report(TrainingPhase.FittingClosedForm);
    }, cancellationToken).Run(a, b, recipe, settings.Transport.Rounds);

    private void Folds(int done, int folds)
    {
        (_foldsDone, _folds) = (done, folds);
        Report(TrainingPhase.ChoosingByFolds);
    }

    private ManagedGenerator Stream(string name) => random.Managed(StreamPrefix + name);

    private RowPreparation Prepare(AlignmentData data, Side side) =>
        RowPreparation.Fit(data.AllRows(side), settings.PrincipalComponents, settings.BlockSize, PassRows, cancellationToken)
        ?? throw new NothingToAlignException(
            $"The closed-form alignment cannot use side {side}: all its rows are equal, or their values too large for float64.");

    private Tensor Apply(RowPreparation prepared, RowSource rows) => prepared.Apply(rows, settings.BlockSize, cancellationToken);

    private Tensor Pool(RowPreparation prepared, RowSource? unpaired, string stream)
    {
        if (unpaired is null)
            return prepared.Basis.new_zeros([0, prepared.Basis.size(1)]);
        return Apply(prepared, Rows.Sample(unpaired.Count, settings.SelfTraining.MaximumRows, Stream(stream)) is { } numbers
            ? unpaired.Pick(numbers) : unpaired);
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

    private GateFigures? RunGate(WeightedPairs pairs, Pools pools, ClosedFormPart trainingUse, (SpectralGraph A, SpectralGraph B)? graphs)
    {
        var trainer = Trainer(pools, final: false);
        Recipe Train(WeightedPairs fold, Recipe start) => trainer.Run(fold, start, settings.SelfTraining.GateRounds);
        return new AlignmentGate(settings, pools.A, pools.B, Stream("folds"), Folds, cancellationToken)
            .Run(pairs, trainingUse == ClosedFormPart.Off ? null : Train, trainingUse == ClosedFormPart.On, graphs);
    }

    private SelfTraining Trainer(Pools pools, bool final)
    {
        return new SelfTraining(settings, pools.A, pools.B, Stream("anchors"), pseudoPairs =>
        {
            if (!final)
            {
                Report(TrainingPhase.ChoosingByFolds, pseudoPairs);
                return;
            }
            _pseudoPairs.Add(pseudoPairs);
            _roundsDone++;
            Report(TrainingPhase.FittingClosedForm, pseudoPairs);
        }, cancellationToken);
    }

    private void PassRows(long rows)
    {
        _passed += rows;
        Report(TrainingPhase.PreparingRows);
    }

    private void Report(TrainingPhase phase, int? pseudoPairs = null) => progress?.Invoke(phase switch
    {
        TrainingPhase.PreparingRows => new AlignmentProgress(phase, Math.Min(_passed / PassesOverRows, _rows), _rows, ProgressUnit.Rows),
        TrainingPhase.ChoosingByFolds => new AlignmentProgress(phase, _foldsDone, _folds, ProgressUnit.Folds, pseudoPairs),
        _ when _rounds > 0 => new AlignmentProgress(phase, _roundsDone, _rounds, ProgressUnit.Rounds, pseudoPairs),
        _ => new AlignmentProgress(phase, 0, null, ProgressUnit.None),
    });

    private SideAlignment Smooth(SideAlignment side, Tensor own, Tensor pool)
    {
        var options = settings.Smoothing;
        if (!options.Use)
            return side;
        var bank = Bank(own, pool, options.MaximumRows);
        return side with
        {
            Smoothing = new SmoothingBank(bank, Rows.InBlocks(bank, settings.BlockSize, side.Embed, cancellationToken),
            options.Weight, options.Neighbours)
        };
    }

    // Principal directions, about zero, of both sides' embeddings: of all projections the one that keeps most of their length.
    private (Tensor Cut, double Kept) LeadingDirections(SideAlignment a, SideAlignment b, WeightedPairs pairs, Pools pools, int width)
    {
        using var scope = NewDisposeScope();
        var moment = pairs.A.new_zeros([a.NaturalWidth, a.NaturalWidth]);
        foreach (var (side, rows) in new[] { (a, pairs.A), (a, pools.A), (b, pairs.B), (b, pools.B) })
            foreach (var (start, length) in Rows.Blocks(rows.size(0), 1, Math.Min(TransportSide.BlockSize, settings.BlockSize)))
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var step = NewDisposeScope();
                var embeddings = side.Embed(rows.narrow(0, start, length));
                moment.add_(embeddings.t().matmul(embeddings), Scalars.Of(1d / rows.size(0))); // both sides, and pairs and unpaired rows, count the same
            }
        var (values, vectors) = linalg.eigh(moment);
        var first = values.size(0) - width;
        return (vectors.narrow(1, first, width).flip(1).MoveToOuterDisposeScope(), (values.narrow(0, first, width).sum() / values.sum()).item<double>());
    }

    private sealed record Pools(Tensor A, Tensor B);

    // What was fitted, and a report that lacks the width.
    private sealed record Form(Recipe Recipe, Recipe? Transport, (SpectralMap A, SpectralMap B)? Spectral, AlignmentReport Report);
}
