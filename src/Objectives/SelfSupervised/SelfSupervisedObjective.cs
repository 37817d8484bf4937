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

    /// <inheritdoc/>
    public override ObjectiveNeeds Needs { get; } = new() { UnpairedSamples = true, Pairs = true, SecondViews = true };

    internal override IReadOnlyList<string> PartNames => Names;

    /// <summary>Computes the sum of both modalities' losses; a training has them one by one.</summary>
    /// <param name="batch">Embeddings and second views.</param>
    /// <returns>The term before weighting.</returns>
    public override Tensor Compute(ObjectiveBatch batch) =>
        Of(batch.EmbeddingsA, batch.SecondViewsA, batch).Plus(Of(batch.EmbeddingsB, batch.SecondViewsB, batch));

    internal override IEnumerable<Func<Tensor>> Parts(ObjectiveBatch batch) =>
        [() => Of(batch.EmbeddingsA, batch.SecondViewsA, batch), () => Of(batch.EmbeddingsB, batch.SecondViewsB, batch)];

    private Tensor Of(Tensor views, Tensor secondViews, ObjectiveBatch batch) =>
        SelfSupervisedLoss.Compute(views, secondViews, batch.LogScale, Form, batch.BlockSize);
}
