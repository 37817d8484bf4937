using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Options;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// The self-supervised contrastive loss between two noisy views of each sample, in each modality (equation 7 of Gentle-CLIP). In the history as
/// <c>selfSupervisedA</c> and <c>selfSupervisedB</c>, each of which has the weight; see docs/objectives/self-supervised.md.
/// </summary>
public sealed record SelfSupervisedObjective : Objective
{
    private static readonly string[] Names = ["selfSupervisedA", "selfSupervisedB"];

    private readonly double _share = 0.25;
    private readonly SelfSupervisedForm _form = SelfSupervisedForm.SimCse;

    /// <summary>Creates the objective with a weight of 0.1, the product of alpha and mu in equations 8 and 9; 0.3 and more hurt.</summary>
    public SelfSupervisedObjective()
        : base("selfSupervised") => Weight = 0.1;

    /// <summary>What stands in the denominator. Default <see cref="SelfSupervisedForm.SimCse"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a form.</exception>
    public SelfSupervisedForm Form
    {
        get => _form;
        init => _form = Check.Defined(value, nameof(Form));
    }

    /// <summary>
    /// Share of the batch's rows that are compared, above 0 to 1: of the pairs and of each side's unpaired samples. Only these are encoded a second time,
    /// which is most of what the objective costs. Default 0.25, with which trainings end as they do with 1, the paper's. Where another objective asks for
    /// second views of more rows, those are compared as well.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Share
    {
        get => _share;
        init => _share = Check.Share(value, nameof(Share));
    }

    /// <inheritdoc/>
    public override ObjectiveNeeds Needs => new() { UnpairedSamples = true, Pairs = true, SecondViews = true, SecondViewShare = Share < 1 ? Share : null };

    internal override IReadOnlyList<string> PartNames => Names;

    /// <summary>Computes the sum of both modalities' losses; a training has them one by one.</summary>
    /// <param name="batch">Embeddings and second views.</param>
    /// <returns>The term before weighting.</returns>
    public override Tensor Compute(ObjectiveBatch batch) => OfA(batch).Plus(OfB(batch));

    internal override IEnumerable<Func<Tensor>> Parts(ObjectiveBatch batch) => [() => OfA(batch), () => OfB(batch)];

    internal override object? Prepare(ObjectiveBatch batch, PairStatistics pairs)
    {
        var scale = batch.LogScale.exp();
        if (!batch.HasAllSecondViews)
            return null;
        return new Normalizers(Of(PairMatrix.A, PairMatrix.SecondViewsA, pairs.A), Of(PairMatrix.B, PairMatrix.SecondViewsB, pairs.B));

        PairResult? Of(PairMatrix views, PairMatrix secondViews, Tensor rows) => rows.size(0) == 0 ? null : Form switch
        {
            SelfSupervisedForm.SimCse when pairs.HaveSecondViews => pairs.Add(new LogSumExpRequest(secondViews, Affinity.Dot, scale)),
            SelfSupervisedForm.FirstViews => pairs.Add(new LogSumExpRequest(views, Affinity.Dot, scale, Leading: rows.size(0))),
            SelfSupervisedForm.Both => pairs.Add(new LogSumExpRequest(views, Affinity.Dot, scale, Excluded: rows.size(0), Leading: rows.size(0))),
            _ => null, // both kinds of views are one set there
        };
    }

    private Tensor OfA(ObjectiveBatch batch) => Of(batch.FirstViewsA, batch.SecondViewsA, batch, (batch.Prepared as Normalizers)?.A);

    private Tensor OfB(ObjectiveBatch batch) => Of(batch.FirstViewsB, batch.SecondViewsB, batch, (batch.Prepared as Normalizers)?.B);

    private Tensor Of(Tensor views, Tensor secondViews, ObjectiveBatch batch, PairResult? normalizer) => SelfSupervisedLoss.Compute(
        views, secondViews, batch.LogScale, Form, batch.BlockSize, normalizer is { IsThere: true } ? normalizer.Value : null);

    /// <summary>The log-sum-exps of each side's denominators.</summary>
    private sealed record Normalizers(PairResult? A, PairResult? B);
}
