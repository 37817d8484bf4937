using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// The settings of a training that come in groups. Each options object has its groups to itself: a group that is set is copied, and so are all of them by
/// <c>with</c>, so that a change such as <c>options.Batches.Size = 64</c> reaches no other object.
/// </summary>
public abstract record TrainingOptions
{
    private protected TrainingOptions()
    {
    }

    /// <summary>Copies the groups; whatever else a record has is copied by itself.</summary>
    /// <param name="original">What is copied.</param>
    protected TrainingOptions(TrainingOptions original)
    {
        ArgumentNullException.ThrowIfNull(original);
        (Batches, Optimizer, Validation, Checkpoints) = (original.Batches, original.Optimizer, original.Validation, original.Checkpoints);
        Precision = original.Precision;
    }

    /// <summary>Size of the batches and the pairs in them.</summary>
    /// <exception cref="ArgumentNullException">Set to null.</exception>
    public BatchOptions Batches
    {
        get;
        set => field = (value ?? throw new ArgumentNullException(nameof(Batches))) with { };
    } = new();

    /// <summary>Learning rate and what else the optimiser has.</summary>
    /// <exception cref="ArgumentNullException">Set to null.</exception>
    public OptimizerOptions Optimizer
    {
        get;
        set => field = (value ?? throw new ArgumentNullException(nameof(Optimizer))) with { };
    } = new();

    /// <summary>Pairs that are held out, and what they decide.</summary>
    /// <exception cref="ArgumentNullException">Set to null.</exception>
    public ValidationOptions Validation
    {
        get;
        set => field = (value ?? throw new ArgumentNullException(nameof(Validation))) with { };
    } = new();

    /// <summary>Where the state of a training is left, to go on from after a crash.</summary>
    /// <exception cref="ArgumentNullException">Set to null.</exception>
    public CheckpointOptions Checkpoints
    {
        get;
        set => field = (value ?? throw new ArgumentNullException(nameof(Checkpoints))) with { };
    } = new();

    /// <summary>
    /// The numbers that the encoders multiply while they are trained. Default <see cref="EncoderPrecision.Float32"/>. With
    /// <see cref="EncoderPrecision.BFloat16"/> weights, gradients and losses stay float32, only the products of the encoders' layers round their factors; the
    /// fitted transformer scores in float32 unless its <see cref="ScoringOptions.Precision"/> says otherwise. A user's own encoder decides for itself, and a
    /// closed form is always float32 and more. <c>Fit</c> refuses it, with the reason, where the processor has no such products.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a precision.</exception>
    public EncoderPrecision Precision
    {
        get;
        set => field = Check.Defined(value, nameof(Precision));
    }
}
