using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// The paper's overall objective (equations 8 and 9): alpha (CL + mu (SSL_U + SSL_V)) + delta MK-MMD + eta SDD, and the rivals'
/// terms beside it. U is all rows of A and V all rows of B, the matched ones included; pseudo-labels go to the unpaired rows.
/// A module: its parameters (learnable kernel weights, if any) belong to the optimizer, its state to the checkpoint.
/// </summary>
internal sealed class GentleClipObjective : nn.Module
{
    private readonly ObjectiveSettings _settings;
    private readonly MkMmdLoss _mmd;

    public GentleClipObjective(ObjectiveSettings settings)
        : base(nameof(GentleClipObjective))
    {
        _settings = settings;
        _mmd = new(settings.Mmd, settings.BlockSize);
        register_module("mmd", _mmd);
    }

    /// <summary>The loss terms of one batch. A term that the batch holds nothing for is zero, with a graph.</summary>
    /// <exception cref="InvalidOperationException">A term of the user's own failed.</exception>
    /// <exception cref="ArgumentException">Shapes do not fit, a term lacks the input that it needs, or a batch is too large for a term that keeps whole transport plans.</exception>
    public LossTerms Compute(ObjectiveInput input)
    {
        input.Validate();
        using var scope = NewDisposeScope();
        var s = _settings;
        var (a, b, logScale) = (input.EmbeddingsA, input.EmbeddingsB, input.LogScale);
        var batch = new SplitBatch(input);
        var terms = new List<LossTerm>();
        Add(LossTerm.Contrastive, s.ContrastiveWeight, () => Contrastive(batch, logScale));
        Add(LossTerm.SelfSupervisedA, s.ContrastiveWeight * s.SelfSupervisedWeight, () => SelfSupervised(a, input.PositivesA, nameof(input.PositivesA)));
        Add(LossTerm.SelfSupervisedB, s.ContrastiveWeight * s.SelfSupervisedWeight, () => SelfSupervised(b, input.PositivesB, nameof(input.PositivesB)));
        Add(LossTerm.Mmd, s.MmdWeight, () => _mmd.Compute(a, b));
        Add(LossTerm.Sdd, s.SddWeight, () => SddLoss.Compute(a, b, s.Sdd, input.NumberOfPairs, s.BlockSize));
        Add(LossTerm.Centroid, s.CentroidWeight, () => CentroidLoss.Compute(a, b));
        Add(LossTerm.Sinkhorn, s.SinkhornWeight, () => SinkhornDivergence.Compute(a, b, s.Sinkhorn));
        Add(LossTerm.PseudoLabel, s.PseudoLabelWeight * input.PseudoLabelRamp, () => PseudoLabels(batch, logScale));
        Add(LossTerm.Keyword, s.KeywordWeight * input.PseudoLabelRamp, () => Keywords(batch, input));
        Add(LossTerm.TransportPairs, s.TransportPairWeight * input.PseudoLabelRamp, () => TransportPairLoss.Compute(
            batch.UnpairedA, batch.UnpairedB, Unpaired(input.AveragedA, nameof(input.AveragedA)), Unpaired(input.AveragedB, nameof(input.AveragedB)), logScale, s.TransportPairs));
        Add(LossTerm.Klot, s.KlotWeight, () => KlotLoss.Compute(
            batch.UnpairedA, batch.UnpairedB, Unpaired(input.TeacherA, nameof(input.TeacherA)), Unpaired(input.TeacherB, nameof(input.TeacherB)), s.Klot));

        foreach (var term in s.Custom)
            Add(term.Name, term.Weight, () => term.Evaluate(input));

        var total = terms.Count == 0 ? Pairwise.ZeroWithGraph(a, b) : terms.Select(t => t.Value.Times(t.Weight)).Aggregate((sum, t) => sum.Plus(t));
        return new(terms, total.MoveToOuterDisposeScope());

        void Add(string name, double weight, Func<Tensor> compute)
        {
            if (weight != 0)
                terms.Add(new(name, weight, compute().MoveToOuterDisposeScope()));
        }

        Tensor SelfSupervised(Tensor z, Tensor? positives, string name) => z.size(0) == 0
            ? Pairwise.ZeroWithGraph(z, logScale)
            : SelfSupervisedLoss.Compute(z, Required(positives, name, "self-supervised"), logScale, s.SelfSupervisedDenominator, s.BlockSize);

        Tensor Unpaired(Tensor? embeddings, string name) => SplitBatch.Unpaired(Required(embeddings, name, "transport-plan"), input.NumberOfPairs);
    }

    private Tensor Contrastive(SplitBatch batch, Tensor logScale)
    {
        var (u, v, settings) = (batch.PairedA, batch.PairedB, _settings.PseudoLabel);
        if (_settings.PseudoLabelWeight == 0 || !settings.ExtraNegatives)
            return ContrastiveLoss.Compute(u, v, logScale, _settings.BlockSize);
        return settings.Sides switch
        {
            Sides.A => FromA(),
            Sides.B => FromB(),
            _ => FromA().Plus(FromB()).Over(2),
        };

        Tensor FromA() => PseudoLabelLoss.Supervised(u, v, batch.UnpairedA, logScale, _settings.BlockSize);
        Tensor FromB() => PseudoLabelLoss.Supervised(v, u, batch.UnpairedB, logScale, _settings.BlockSize);
    }

    private Tensor PseudoLabels(SplitBatch batch, Tensor logScale)
    {
        var sides = _settings.PseudoLabel.Sides;
        return sides switch
        {
            Sides.A => FromA(),
            Sides.B => FromB(),
            _ => FromA().Plus(FromB()),
        };

        Tensor FromA() => PseudoLabelLoss.Caption(batch.UnpairedA, batch.PairedB, Plan(batch, Sides.A, logScale), logScale);
        Tensor FromB() => PseudoLabelLoss.Caption(batch.UnpairedB, batch.PairedA, Plan(batch, Sides.B, logScale), logScale);
    }

    private Tensor Keywords(SplitBatch batch, ObjectiveInput input)
    {
        var (keywords, has) = (Required(input.Keywords, nameof(input.Keywords), "keyword"), Required(input.PairHasKeyword, nameof(input.PairHasKeyword), "keyword"));
        var side = _settings.PseudoLabel.KeywordSide;
        var queries = side == Sides.A ? batch.UnpairedA : batch.UnpairedB;
        if (queries.size(0) == 0 || input.NumberOfPairs == 0 || keywords.size(0) == 0)
            return Pairwise.ZeroWithGraph(queries, keywords, input.LogScale);
        var targets = KeywordLoss.Targets(queries, keywords, Plan(batch, side, input.LogScale), has, input.LogScale, _settings.PseudoLabel.KeywordSoftmax);
        return KeywordLoss.Compute(queries, keywords, targets, input.LogScale);
    }

    private Tensor Plan(SplitBatch batch, Sides side, Tensor logScale)
    {
        var (queries, pairs) = side == Sides.A ? (batch.UnpairedA, batch.PairedA) : (batch.UnpairedB, batch.PairedB);
        return queries.size(0) == 0 || pairs.size(0) == 0
            ? zeros(queries.size(0), pairs.size(0), queries.dtype, queries.device)
            : PseudoLabelLoss.Plan(queries, pairs, logScale, _settings.PseudoLabel.Kind, _settings.PseudoLabel.SinkhornIterations);
    }

    private static Tensor Required(Tensor? tensor, string name, string term) =>
        tensor ?? throw new ArgumentException($"The {term} term has a weight, but {name} is missing. Give it, or set the weight to 0.");

    private sealed class SplitBatch(ObjectiveInput input)
    {
        public Tensor PairedA { get; } = input.EmbeddingsA.narrow(0, 0, input.NumberOfPairs);

        public Tensor PairedB { get; } = input.EmbeddingsB.narrow(0, 0, input.NumberOfPairs);

        public Tensor UnpairedA { get; } = Unpaired(input.EmbeddingsA, input.NumberOfPairs);

        public Tensor UnpairedB { get; } = Unpaired(input.EmbeddingsB, input.NumberOfPairs);

        public static Tensor Unpaired(Tensor rows, int pairs) => rows.narrow(0, pairs, rows.size(0) - pairs);
    }
}
