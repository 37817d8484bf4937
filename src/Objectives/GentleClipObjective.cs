using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>
/// The paper's overall objective (equations 8 and 9): alpha (CL + mu (SSL_U + SSL_V)) + delta MK-MMD + eta SDD.
/// U is all rows of A and V all rows of B, the matched ones included.
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
    /// <exception cref="ArgumentException">Shapes do not fit, or second views are missing for the self-supervised term.</exception>
    public LossTerms Compute(ObjectiveInput input)
    {
        input.Validate();
        using var scope = NewDisposeScope();
        var (a, b, n) = (input.EmbeddingsA, input.EmbeddingsB, input.NumberOfPairs);
        var terms = new List<LossTerm>();
        Add(LossTerm.Contrastive, _settings.ContrastiveWeight, () => ContrastiveLoss.Compute(a.narrow(0, 0, n), b.narrow(0, 0, n), input.LogScale, _settings.BlockSize));
        Add(LossTerm.SelfSupervisedA, _settings.ContrastiveWeight * _settings.SelfSupervisedWeight, () => SelfSupervised(a, input.PositivesA, nameof(input.PositivesA)));
        Add(LossTerm.SelfSupervisedB, _settings.ContrastiveWeight * _settings.SelfSupervisedWeight, () => SelfSupervised(b, input.PositivesB, nameof(input.PositivesB)));
        Add(LossTerm.Mmd, _settings.MmdWeight, () => _mmd.Compute(a, b));
        Add(LossTerm.Sdd, _settings.SddWeight, () => SddLoss.Compute(a, b, _settings.Sdd, n, _settings.BlockSize));

        var total = terms.Count == 0 ? Pairwise.ZeroWithGraph(a, b) : terms.Select(t => t.Value * t.Weight).Aggregate((sum, t) => sum + t);
        return new(terms, total.MoveToOuterDisposeScope());

        void Add(string name, double weight, Func<Tensor> compute)
        {
            if (weight != 0)
                terms.Add(new(name, weight, compute().MoveToOuterDisposeScope()));
        }

        Tensor SelfSupervised(Tensor z, Tensor? positives, string name) => z.size(0) == 0
            ? Pairwise.ZeroWithGraph(z, input.LogScale)
            : SelfSupervisedLoss.Compute(z, positives ?? throw new ArgumentException(
                $"The self-supervised term has weight {_settings.SelfSupervisedWeight}, but {name} is missing: it needs a second view of each row."), input.LogScale, _settings.SelfSupervisedForm, _settings.BlockSize);
    }
}
