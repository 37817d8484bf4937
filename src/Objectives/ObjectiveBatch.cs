using Microsoft.ML.GentleClip.Objectives;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// A training batch as one <see cref="Objective"/> sees it: what its <see cref="Objective.Needs"/> name. Tensors of anything else throw, with a message that
/// says what to declare. All embeddings have unit length; through those of the towers gradients flow.
/// </summary>
public sealed class ObjectiveBatch
{
    private readonly ObjectiveInput _input;
    private readonly SplitBatch _parts;
    private readonly ObjectiveNeeds _needs;

    private readonly PairStatistics? _pairs;

    internal ObjectiveBatch(
        ObjectiveInput input, SplitBatch parts, Objective objective, nn.Module? state, int blockSize, PairStatistics? pairs = null)
    {
        (_input, _parts, _needs) = (input, parts, objective.Needs);
        (State, BlockSize, _pairs) = (state, blockSize, pairs);
    }

    /// <summary>Embeddings of modality A, <c>[a, dim]</c>: those of the matched pairs first, then those of the unpaired samples.</summary>
    public Tensor EmbeddingsA => _needs.UnpairedSamples ? _input.EmbeddingsA : _parts.PairedA;

    /// <summary>
    /// Embeddings of modality B, <c>[b, dim]</c>: row i belongs to row i of A for the first <see cref="NumberOfPairs"/> rows, then the unpaired
    /// samples.
    /// </summary>
    public Tensor EmbeddingsB => _needs.UnpairedSamples ? _input.EmbeddingsB : _parts.PairedB;

    /// <summary>
    /// Embeddings of A's rows with other noise, <c>[a, dim]</c>; of fewer rows where <see cref="ObjectiveNeeds.SecondViewShare"/> is below 1.
    /// </summary>
    /// <exception cref="InvalidOperationException">The objective does not declare <see cref="ObjectiveNeeds.SecondViews"/>.</exception>
    public Tensor SecondViewsA => Viewed(_input.SecondViewsA, nameof(SecondViewsA));

    /// <summary>
    /// Embeddings of B's rows with other noise, <c>[b, dim]</c>; of fewer rows where <see cref="ObjectiveNeeds.SecondViewShare"/> is below 1.
    /// </summary>
    /// <exception cref="InvalidOperationException">The objective does not declare <see cref="ObjectiveNeeds.SecondViews"/>.</exception>
    public Tensor SecondViewsB => Viewed(_input.SecondViewsB, nameof(SecondViewsB));

    /// <summary>
    /// The rows of <see cref="EmbeddingsA"/> that have second views, in the order of <see cref="SecondViewsA"/>: all of them, unless
    /// <see cref="ObjectiveNeeds.SecondViewShare"/> is below 1.
    /// </summary>
    public Tensor FirstViewsA => _input.ViewedTwice is { } rows ? Viewed(EmbeddingsA, rows.A, rows.Pairs) : EmbeddingsA;

    /// <summary>
    /// The rows of <see cref="EmbeddingsB"/> that have second views, in the order of <see cref="SecondViewsB"/>: all of them, unless
    /// <see cref="ObjectiveNeeds.SecondViewShare"/> is below 1.
    /// </summary>
    public Tensor FirstViewsB => _input.ViewedTwice is { } rows ? Viewed(EmbeddingsB, rows.B, rows.Pairs) : EmbeddingsB;

    /// <summary>A's rows through the moving average of the towers, without noise, <c>[a, dim]</c>; without a gradient.</summary>
    /// <exception cref="InvalidOperationException">The objective does not declare <see cref="ObjectiveNeeds.AverageDecay"/>.</exception>
    public Tensor AveragedA => Rows(_input.AveragedA, _needs.AverageDecay is not null, nameof(AveragedA), nameof(ObjectiveNeeds.AverageDecay));

    /// <summary>B's rows through the moving average of the towers, without noise, <c>[b, dim]</c>; without a gradient.</summary>
    /// <exception cref="InvalidOperationException">The objective does not declare <see cref="ObjectiveNeeds.AverageDecay"/>.</exception>
    public Tensor AveragedB => Rows(_input.AveragedB, _needs.AverageDecay is not null, nameof(AveragedB), nameof(ObjectiveNeeds.AverageDecay));

    /// <summary>The closed form's embeddings of A's rows, <c>[a, its dim]</c>; without a gradient.</summary>
    /// <exception cref="InvalidOperationException">The objective does not declare <see cref="ObjectiveNeeds.ClosedForm"/>.</exception>
    public Tensor ClosedFormA => Rows(_input.ClosedFormA, _needs.ClosedForm, nameof(ClosedFormA), nameof(ObjectiveNeeds.ClosedForm));

    /// <summary>The closed form's embeddings of B's rows, <c>[b, its dim]</c>; without a gradient.</summary>
    /// <exception cref="InvalidOperationException">The objective does not declare <see cref="ObjectiveNeeds.ClosedForm"/>.</exception>
    public Tensor ClosedFormB => Rows(_input.ClosedFormB, _needs.ClosedForm, nameof(ClosedFormB), nameof(ObjectiveNeeds.ClosedForm));

    /// <summary>Embeddings of the keywords through the tower of their modality, <c>[keywords, dim]</c>.</summary>
    /// <exception cref="InvalidOperationException">The objective does not declare <see cref="ObjectiveNeeds.Keywords"/>.</exception>
    public Tensor Keywords => Needed(_input.Keywords, _needs.Keywords is not null, nameof(Keywords), nameof(ObjectiveNeeds.Keywords));

    /// <summary>Which pair holds which keyword, Boolean <c>[pairs, keywords]</c>.</summary>
    /// <exception cref="InvalidOperationException">The objective does not declare <see cref="ObjectiveNeeds.Keywords"/>.</exception>
    public Tensor PairHasKeyword => Needed(_input.PairHasKeyword, _needs.Keywords is not null, nameof(PairHasKeyword), nameof(ObjectiveNeeds.Keywords));

    /// <summary>Matched pairs in the batch; may be 0.</summary>
    public int NumberOfPairs => _input.NumberOfPairs;

    /// <summary>Scalar: 1 / temperature, learnt, with a gradient. What the inner products are multiplied by in the contrastive loss.</summary>
    public Tensor LogitScale => LogScale.exp();

    /// <summary>Zero-based number of the optimiser step.</summary>
    public int Step => _input.Step;

    /// <summary>Steps of the whole training, if it is not stopped early.</summary>
    public int NumberOfSteps => _input.NumberOfSteps;

    /// <summary>A's side of the pairs, <c>[pairs, dim]</c>.</summary>
    public Tensor PairedA => _parts.PairedA;

    /// <summary>B's side of the pairs, <c>[pairs, dim]</c>.</summary>
    public Tensor PairedB => _parts.PairedB;

    /// <summary>Unpaired samples of A, <c>[unpaired a, dim]</c>; may have no rows, and has none unless <see cref="ObjectiveNeeds.UnpairedSamples"/>.</summary>
    public Tensor UnpairedA => _needs.UnpairedSamples ? _parts.UnpairedA : _parts.UnpairedA.narrow(0, 0, 0);

    /// <summary>Unpaired samples of B, <c>[unpaired b, dim]</c>; may have no rows, and has none unless <see cref="ObjectiveNeeds.UnpairedSamples"/>.</summary>
    public Tensor UnpairedB => _needs.UnpairedSamples ? _parts.UnpairedB : _parts.UnpairedB.narrow(0, 0, 0);

    /// <summary>Scalar: the logarithm of <see cref="LogitScale"/>.</summary>
    internal Tensor LogScale => _input.LogScale;

    /// <summary>Whether second views are those of all rows.</summary>
    internal bool HasAllSecondViews => _input.ViewedTwice is null;

    /// <summary>What <see cref="Objective.CreateState"/> made for this training; null for nothing.</summary>
    internal nn.Module? State { get; }

    /// <summary>Rows above which pairwise sums run in row blocks.</summary>
    internal int BlockSize { get; }

    /// <summary>What <see cref="Objective.Prepare"/> gave; null where another objective calls.</summary>
    internal object? Prepared { get; set; }

    /// <summary>Statistics of the pairs of rows of <see cref="EmbeddingsA"/> and <see cref="EmbeddingsB"/>, shared where those are all rows.</summary>
    internal PairStatistics Pairs => _pairs is not null && _needs.UnpairedSamples ? _pairs : new(EmbeddingsA, EmbeddingsB, BlockSize);

    /// <summary>The unpaired samples' part of a tensor with a row a sample.</summary>
    internal Tensor Unpaired(Tensor rows) => SplitBatch.Unpaired(rows, NumberOfPairs);

    private Tensor Rows(Tensor? rows, bool isDeclared, string name, string need)
    {
        var all = Needed(rows, isDeclared, name, need);
        return _needs.UnpairedSamples ? all : all.narrow(0, 0, NumberOfPairs);
    }

    private Tensor Viewed(Tensor? secondViews, string name)
    {
        var all = Needed(secondViews, _needs.SecondViews, name, nameof(ObjectiveNeeds.SecondViews));
        return _needs.UnpairedSamples ? all : all.narrow(0, 0, _input.ViewedTwice?.Pairs ?? NumberOfPairs);
    }

    private Tensor Viewed(Tensor embeddings, Tensor rows, int pairs) => embeddings.index_select(0, _needs.UnpairedSamples ? rows : rows.narrow(0, 0, pairs));

    private Tensor Needed(Tensor? tensor, bool isDeclared, string name, string need) => tensor is not null && isDeclared
        ? tensor
        : throw new InvalidOperationException(isDeclared
            ? $"{name} is needed, but this batch does not have it."
            : $"{name} is only in batches for objectives that declare it; set {nameof(ObjectiveNeeds)}.{need} in its {nameof(Objective.Needs)}.");
}
