using System.Reflection;
using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Options;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// A term of the loss that the towers are trained on; <see cref="GentleClipOptions.Objectives"/> lists those of a training. The library's own
/// (<see cref="ContrastiveObjective"/>, <see cref="SelfSupervisedObjective"/>, <see cref="MmdObjective"/>, <see cref="SddObjective"/> and others) derive
/// from it, and so can yours: see docs/extending.md.
/// </summary>
/// <remarks>
/// An objective is a function of the batch: an instance may serve several trainings, one after the other or at once, and is neither saved with the
/// model nor kept in a checkpoint. So it has no parameters and no state of its own; one with a field of modules, parameters or tensors is refused.
/// Its name, type, weight, ramp, needs and public properties of plain data are part of a checkpoint's fingerprint.
/// </remarks>
public abstract record Objective
{
    private double _weight = 1;

    /// <summary>Creates the objective with a weight of 1 and no ramp.</summary>
    /// <param name="name">1 to 64 letters, digits, '.', '-' and '_'; not <c>total</c>, which is the history's name of the weighted sum.</param>
    /// <exception cref="ArgumentException">The name cannot be used.</exception>
    protected Objective(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (name.Length > 64 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
            throw new ArgumentException($"The objective's name is '{name}'; expected 1 to 64 letters, digits, '.', '-' and '_'.", nameof(name));
        if (name == LossTerm.Total)
            throw new ArgumentException($"The objective's name is '{name}', which is the history's name of the weighted sum; expected another.", nameof(name));
        Name = name;
    }

    /// <summary>Name in <see cref="TrainingEpoch.Losses"/> and in messages.</summary>
    public string Name { get; }

    /// <summary>Factor in the total, 0 or more; 0 leaves the term out. Default 1, unless the objective says otherwise.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public double Weight
    {
        get => _weight;
        init => _weight = Check.NotNegative(value, nameof(Weight));
    }

    /// <summary>
    /// How the weight rises at the beginning of a training; null: it counts fully from the first step. Default null, but for objectives whose targets
    /// are the model's own guesses (<see cref="PseudoLabelObjective"/>, <see cref="KeywordObjective"/>, <see cref="TransportPairObjective"/>).
    /// </summary>
    public WeightRamp? Ramp { get; init; }

    /// <summary>
    /// What the batch must hold for it. Default <see cref="ObjectiveNeeds.PairsOnly"/>: the embeddings of the matched pairs and nothing else.
    /// </summary>
    public virtual ObjectiveNeeds Needs => ObjectiveNeeds.PairsOnly;

    /// <summary>
    /// What remains of it in a training on only the pairs, as the second one of <see cref="ValidationOptions.GuardUnpairedObjectives"/> is; null: nothing.
    /// Default: itself, or nothing where it needs unpaired samples.
    /// </summary>
    public virtual Objective? OnPairsOnly() => Needs.UnpairedSamples ? null : this;

    /// <summary>
    /// Computes the term: a scalar of the embeddings' type (float32 in a training) on their device that depends on them; to be minimised. A constant zero
    /// says that the batch holds nothing for it.
    /// </summary>
    /// <remarks>
    /// Tensors made here are freed afterwards, but for the result. What throws here ends <c>Fit</c> with this objective's name; what throws inside a
    /// hand-written backward function ends the process.
    /// </remarks>
    /// <param name="batch">Embeddings and what is known about them; not to be changed or disposed.</param>
    /// <returns>The term before weighting.</returns>
    public abstract Tensor Compute(ObjectiveBatch batch);

    /// <summary>Whether it takes part in the total.</summary>
    internal bool IsOn => Weight > 0;

    /// <summary>Names of what it contributes to the history: its own, unless it has several parts.</summary>
    internal virtual IReadOnlyList<string> PartNames => [Name];

    /// <summary>Its parts in the order of <see cref="PartNames"/>, each computed when it is asked for.</summary>
    internal virtual IEnumerable<Func<Tensor>> Parts(ObjectiveBatch batch) => [() => Compute(batch)];

    /// <summary>
    /// What a training keeps from step to step for this objective: parameters, which the optimiser gets, and buffers; both are in checkpoints. It comes
    /// back as <see cref="ObjectiveBatch.State"/>. Null: nothing.
    /// </summary>
    /// <param name="blockSize">Rows above which pairwise sums run in row blocks.</param>
    internal virtual nn.Module? CreateState(int blockSize) => null;

    /// <summary>
    /// Asks for the statistics of the batch's pairs of rows that <see cref="Compute"/> reads, so that all objectives' are computed together. What it gives
    /// back comes to <see cref="Compute"/> as <see cref="ObjectiveBatch.Prepared"/>, which is null where another objective calls it.
    /// </summary>
    /// <param name="batch">As for <see cref="Compute"/>.</param>
    /// <param name="pairs">Of all rows of the batch, whatever the objective needs.</param>
    internal virtual object? Prepare(ObjectiveBatch batch, PairStatistics pairs) => null;

    /// <summary>The factor in the total at a step.</summary>
    internal double WeightAt(int step, int numberOfSteps) => Ramp is null ? Weight : Weight * Ramp.At(step, numberOfSteps);

    /// <summary>Refuses what would be forgotten between runs.</summary>
    /// <exception cref="ArgumentException">There is such a field.</exception>
    internal void Validate()
    {
        const BindingFlags declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        for (var type = GetType(); type != typeof(Objective) && type is not null; type = type.BaseType)
            foreach (var field in type.GetFields(declared))
                if (typeof(nn.Module).IsAssignableFrom(field.FieldType) || typeof(Tensor).IsAssignableFrom(field.FieldType)
                    || TorchParts.Of(field.GetValue(this)).Any())
                    throw new ArgumentException(
                        $"The objective '{Name}' has a field '{field.Name}' of {field.FieldType.Name}, which would be neither trained nor kept in checkpoints; "
                        + "expected a function of the batch and of plain numbers.");
    }
}
