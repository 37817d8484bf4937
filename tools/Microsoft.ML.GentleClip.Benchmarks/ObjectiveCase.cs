using Microsoft.ML.GentleClip.Objectives;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Benchmarks;

/// <summary>How a loss is computed.</summary>
internal enum Form
{
    /// <summary>By the library.</summary>
    Ours,

    /// <summary>With `[batch, batch, dim]` differences or products, by broadcasting.</summary>
    Plain,

    /// <summary>Sample by sample.</summary>
    Loop,
}

/// <summary>An objective with its rivals.</summary>
/// <param name="Name">As in tables and files.</param>
/// <param name="Ours">The library's loss with its default settings.</param>
/// <param name="Products">The matrix products that value and gradient cannot do without; null where there are none.</param>
/// <param name="Plain">The same loss by broadcasting.</param>
/// <param name="Loop">The same loss sample by sample.</param>
internal sealed record ObjectiveCase(
    string Name, Func<Batch, Tensor> Ours, MatrixProducts? Products = null, Func<Batch, Tensor>? Plain = null, Func<Batch, Tensor>? Loop = null)
{
    private static readonly MatrixProducts OneMatrix = new(1, 1, 1);
    private static readonly MatrixProducts WithPlan = new(2, 1, 1);
    private static readonly MatrixProducts ThreeMatrices = new(3, 3, 1); // the gradient of a symmetric one needs one product

    private static readonly Dictionary<string, TotalLoss> Trainings = [];

    public static IReadOnlyList<ObjectiveCase> All { get; } =
    [
        new("CL", b => ContrastiveLoss.Compute(b.U, b.V, b.LogScale), OneMatrix, BroadcastForm.Contrastive, SampleLoop.Contrastive),
        new("SSL", b => SelfSupervisedLoss.Compute(b.U, b.V, b.LogScale), OneMatrix, BroadcastForm.SelfSupervised, SampleLoop.SelfSupervised),
        new("MMD", Mmd, ThreeMatrices, BroadcastForm.Mmd, SampleLoop.Mmd),
        new("SDD", b => SddLoss.Compute(b.U, b.V, new(), b.Pairs), ThreeMatrices, BroadcastForm.Sdd, SampleLoop.Sdd),
        new("MMD+SDD", b => Together(b, new MmdObjective(), new SddObjective()), ThreeMatrices),
        new("MMD+SDD+SSL", b => Together(b, new SelfSupervisedObjective(), new MmdObjective(), new SddObjective()), new(5, 5, 3)),
        new("SDD-temperature", b => SddLoss.Compute(b.U, b.V, new() { DistanceTemperature = 1 }, b.Pairs), ThreeMatrices),
        new("Centroid", b => CentroidLoss.Compute(b.U, b.V)),
        new("Sinkhorn", b => SinkhornDivergence.Compute(b.U, b.V, new()), ThreeMatrices),
        new("Hard-PL", b => PseudoLabels(b, PseudoLabelKind.Hard), WithPlan),
        new("Soft-PL", b => PseudoLabels(b, PseudoLabelKind.Soft), WithPlan),
        new("S-CLIP", b => PseudoLabels(b, PseudoLabelKind.OptimalTransport), WithPlan),
        new("Transport-pairs", b => TransportPairLoss.Compute(b.U, b.V, b.TeacherU, b.TeacherV, b.LogScale, new()), WithPlan),
        new("KLOT", b => Klot(b, new()), WithPlan),
    ];

    private static Tensor Klot(Batch b, KlotObjective klot) =>
        KlotLoss.Compute(b.U, b.V, b.TeacherU, b.TeacherV, klot.Regularization, klot.TeacherRegularization, klot.Iterations);

    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public static ObjectiveCase Named(string name) =>
        All.FirstOrDefault(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException($"Unknown objective '{name}'; there are {string.Join(", ", All.Select(c => c.Name))}.");

    /// <summary>The loss in a form, or null where there is none.</summary>
    public Func<Batch, Tensor>? In(Form form) => form switch
    {
        Form.Ours => Ours,
        Form.Plain => Plain,
        _ => Loop,
    };

    // As in a training, whose memory stays from step to step; second views are the teacher's rows.
    private static Tensor Together(Batch b, params Objective[] objectives)
    {
        var key = string.Join('+', objectives.Select(objective => objective.Name));
        if (!Trainings.TryGetValue(key, out var training))
            Trainings.Add(key, training = new(ObjectiveList.Create(objectives)));
        return training.Compute(new()
        {
            EmbeddingsA = b.U,
            EmbeddingsB = b.V,
            SecondViewsA = b.TeacherU,
            SecondViewsB = b.TeacherV,
            LogScale = b.LogScale,
            NumberOfPairs = (int)b.Pairs,
        }).Total;
    }

    private static Tensor Mmd(Batch b)
    {
        using var mmd = new MkMmdLoss(new());
        return mmd.Compute(b.U, b.V);
    }

    /// <summary>
    /// As many queries as pairs: `batch` unpaired rows take labels from the partners of `batch` pairs, their teachers' rows being those of their modality.
    /// </summary>
    private static Tensor PseudoLabels(Batch b, PseudoLabelKind kind)
    {
        using var scope = NewDisposeScope();
        var plan = PseudoLabelLoss.Plan(b.U, b.TeacherU, b.LogScale, kind);
        return PseudoLabelLoss.Caption(b.U, b.V, plan, b.LogScale).MoveToOuterDisposeScope();
    }
}
