using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// The weighted sum of a training's objectives, the library's and the user's alike.
/// A module: the parameters of its objectives' states belong to the optimiser, the states to the checkpoint.
/// </summary>
internal sealed class TotalLoss : nn.Module
{
    private readonly (Objective Objective, nn.Module? State)[] _objectives;
    private readonly int _blockSize;
    private readonly PairShare? _share;
    private readonly PairWorkspace _workspace = new();

    /// <summary>Creates the sum and what its objectives keep from step to step.</summary>
    /// <param name="objectives">In the order in which they are added; those of weight 0 are left out.</param>
    /// <param name="blockSize">Rows above which pairwise sums run in row blocks, with memory that grows with the batch instead of its square.</param>
    /// <param name="share">How the blocks are dealt out among processes; null for all of them here.</param>
    public TotalLoss(ObjectiveList objectives, int blockSize = Pairwise.DefaultBlockSize, PairShare? share = null)
        : base(nameof(TotalLoss))
    {
        (_blockSize, _share) = (blockSize, share);
        _objectives = [.. objectives.Active.Select(objective => (objective, objective.CreateState(blockSize)))];
        foreach (var (objective, state) in _objectives)
            if (state is not null)
                register_module(objective.Name, state);
    }

    /// <summary>The loss terms of one batch. A term that the batch holds nothing for is zero, with a graph.</summary>
    /// <exception cref="InvalidOperationException">An objective failed, or gave what is no loss; the message names it and the step.</exception>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public LossTerms Compute(ObjectiveInput input)
    {
        input.Validate();
        using var scope = NewDisposeScope();
        var parts = new SplitBatch(input);
        var (secondA, secondB) = input.ViewedTwice is null ? (input.SecondViewsA, input.SecondViewsB) : (null, null); // of all rows or of none
        var pairs = new PairStatistics(input.EmbeddingsA, input.EmbeddingsB, _blockSize, _workspace, secondA, secondB, _share);
        var batches = new List<(Objective Objective, double Weight, ObjectiveBatch Batch)>();
        foreach (var (objective, state) in _objectives)
        {
            var weight = objective.WeightAt(input.Step, input.NumberOfSteps);
            if (weight == 0)
                continue;
            var batch = new ObjectiveBatch(input, parts, objective, state, _blockSize, pairs);
            batch.Prepared = Named(() => objective.Prepare(batch, pairs), objective, input);
            batches.Add((objective, weight, batch));
        }

        pairs.Compute();
        var terms = new List<LossTerm>();
        foreach (var (objective, weight, batch) in batches)
        {
            foreach (var (name, compute) in objective.PartNames.Zip(objective.Parts(batch)))
                terms.Add(new(name, weight, Evaluate(compute, objective, input).MoveToOuterDisposeScope()));
        }

        var total = terms.Count == 0
            ? Pairwise.ZeroWithGraph(input.EmbeddingsA, input.EmbeddingsB)
            : terms.Select(term => term.Value.Times(term.Weight)).Aggregate((sum, term) => sum.Plus(term));
        return new(terms, total.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _workspace.Dispose();
        base.Dispose(disposing);
    }

    private static T Named<T>(Func<T> compute, Objective objective, ObjectiveInput input)
    {
        try
        {
            return compute();
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or OutOfMemoryException))
        {
            throw new InvalidOperationException($"The objective '{objective.Name}' failed at step {input.Step}: {exception.Message}", exception);
        }
    }

    private static Tensor Evaluate(Func<Tensor> compute, Objective objective, ObjectiveInput input)
    {
        using var scope = NewDisposeScope();
        var like = input.EmbeddingsA;
        var value = Named(compute, objective, input);
        if (value is null)
            throw Problem("null");
        if (value.numel() != 1 || value.ndim != 0)
            throw Problem($"a tensor of shape [{string.Join(", ", value.shape)}]");
        if (value.dtype != like.dtype || value.device_type != like.device_type || value.device_index != like.device_index)
            throw Problem($"a scalar of {value.dtype} on {value.device}");
        if (value.requires_grad || !is_grad_enabled() || !(like.requires_grad || input.EmbeddingsB.requires_grad))
            return value.MoveToOuterDisposeScope();
        // A batch may hold nothing for a term; any other constant is a graph that was lost.
        if (value.to(ScalarType.Float64).item<double>() != 0)
            throw Problem("a number that does not depend on the embeddings (no gradient)");
        return Pairwise.ZeroWithGraph(input.EmbeddingsA, input.EmbeddingsB).MoveToOuterDisposeScope();

        InvalidOperationException Problem(string found) => new(
            $"The objective '{objective.Name}' gave {found} at step {input.Step}; expected a scalar of {like.dtype} on {like.device} that depends on "
            + "the embeddings.");
    }
}
