using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Everything that a fine-tuning can be told: <c>mlContext.MulticlassClassification.Trainers.GentleClipFineTuning</c> and its neighbours. Each setter checks
/// its value; what depends on several options is checked when the estimator is made. The estimator keeps a copy.
/// </summary>
public sealed record FineTuningOptions
{
    /// <summary>Default values.</summary>
    public static class Defaults
    {
        /// <summary>Label.</summary>
        public const string LabelColumnName = "Label";

        /// <summary>32 rows.</summary>
        public const int BatchSize = 32;

        /// <summary>500 optimiser steps.</summary>
        public const int MaximumNumberOfSteps = 500;

        /// <summary>1e-3 for the head, and for encoders with random weights.</summary>
        public const double LearningRate = 1e-3;

        /// <summary>1e-2.</summary>
        public const double WeightDecay = 1e-2;

        /// <summary>0.1 of the steps.</summary>
        public const double WarmupFraction = 0.1;

        /// <summary>Gradients of a norm above 1 are scaled to 1.</summary>
        public const double GradientClipNorm = 1;

        /// <summary>0.1 of the features.</summary>
        public const double Dropout = 0.1;

        /// <summary>10 epochs.</summary>
        public const int EarlyStoppingPatience = 10;

        /// <summary>The last 3.</summary>
        public const int CheckpointsToKeep = 3;

        /// <summary>Every ten minutes.</summary>
        public static TimeSpan CheckpointInterval { get; } = TimeSpan.FromMinutes(10);
    }

    /// <summary>
    /// Column of the labels: a key for classes, a Boolean for yes or no, a Single for numbers; for many labels a row a vector of Boolean or numbers, above 0
    /// where the row has the label and NaN where that is not known, or a vector of keys. Default "Label".
    /// </summary>
    /// <exception cref="ArgumentException">An empty name.</exception>
    public string LabelColumnName
    {
        get;
        set
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(value, nameof(LabelColumnName));
            field = value;
        }
    } = Defaults.LabelColumnName;

    /// <summary>
    /// One or two modalities to start from where there is no fitted transformer: fresh encoders, or with the published weights that their options name. Their
    /// output columns are not written. Null (default): the encoders of the transformer.
    /// </summary>
    /// <exception cref="ArgumentException">None, more than two, or a null among them.</exception>
    public IReadOnlyList<Modality>? Modalities
    {
        get;
        set => field = value is null or { Count: 1 or 2 } && value?.Contains(null!) != true
            ? value
            : throw new ArgumentException($"Expected one or two modalities, found {value!.Count}{(value.Contains(null!) ? ", a null among them" : "")}.",
                nameof(Modalities));
    }

    /// <summary>
    /// The side to predict from. Null (default): both, with their features side by side, so that a row needs both.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a side.</exception>
    public Side? Side
    {
        get;
        set => field = value is { } side ? Check.Defined(side, nameof(Side)) : null;
    }

    /// <summary>
    /// Layers of each encoder that are trained beside the head, from the last one on: null (default) for all weights, 0 for none. What is not trained keeps
    /// its bits, statistics of normalisations included. docs/fine-tuning.md says what counts as a layer.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int? TrainableLayers
    {
        get;
        set => field = value is { } layers ? Check.InRange(layers, 0, int.MaxValue, nameof(TrainableLayers)) : null;
    }

    /// <summary>Peak learning rate of the head, above 0; reached after the warm-up, then lowered along a cosine. Default 1e-3.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0.</exception>
    public double LearningRate
    {
        get;
        set => field = Check.Positive(value, nameof(LearningRate));
    } = Defaults.LearningRate;

    /// <summary>
    /// Peak learning rate of the encoders, above 0. Null (default): a tenth of <see cref="LearningRate"/> for an encoder that comes from a transformer or has
    /// published weights, all of it for one with random weights.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0.</exception>
    public double? EncoderLearningRate
    {
        get;
        set => field = value is { } rate ? Check.Positive(rate, nameof(EncoderLearningRate)) : null;
    }

    /// <summary>Rows of a batch, 2 to 65536; fewer when the data hold fewer. Default 32.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int BatchSize
    {
        get;
        set => field = Check.InRange(value, 2, 1 << 16, nameof(BatchSize));
    } = Defaults.BatchSize;

    /// <summary>Optimiser steps, 1 or more; early stopping may end before. Default 500.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int MaximumNumberOfSteps
    {
        get;
        set => field = Check.InRange(value, 1, int.MaxValue, nameof(MaximumNumberOfSteps));
    } = Defaults.MaximumNumberOfSteps;

    /// <summary>Decoupled weight decay of AdamW on weight matrices, 0 or more. Default 1e-2.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public double WeightDecay
    {
        get;
        set => field = Check.NotNegative(value, nameof(WeightDecay));
    } = Defaults.WeightDecay;

    /// <summary>Share of the steps in which the learning rates rise from 0, 0 to 1. Default 0.1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double WarmupFraction
    {
        get;
        set => field = Check.InRange(value, 0, 1, nameof(WarmupFraction));
    } = Defaults.WarmupFraction;

    /// <summary>Largest norm of the gradient over all parameters, above 0; a larger one is scaled down. Default 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0.</exception>
    public double GradientClipNorm
    {
        get;
        set => field = Check.Positive(value, nameof(GradientClipNorm));
    } = Defaults.GradientClipNorm;

    /// <summary>Share of the features that a step leaves out before the head, 0 to below 1. Default 0.1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Dropout
    {
        get;
        set => field = Check.InRangeExclusive(value, 0, 1, nameof(Dropout));
    } = Defaults.Dropout;

    /// <summary>
    /// Whether the head sees features of mean 0 and standard deviation 1 over the training rows, as they are before the first step. Default true.
    /// </summary>
    public bool StandardizeFeatures { get; set; } = true;

    /// <summary>
    /// How much rows of rare classes, or of rare labels, count in the loss. Not for numbers. Default <see cref="ClassWeighting.None"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public ClassWeighting ClassWeighting
    {
        get;
        set => field = Check.Defined(value, nameof(ClassWeighting));
    }

    /// <summary>
    /// Share of the rows held out for validation, 0 to below 1, of each class alike where there are classes. After each epoch their loss is computed; the
    /// weights of the epoch with the lowest are kept, of equal epochs the latest's, and training stops early. Not used when <c>Fit</c> is given a validation
    /// set. Default 0: the last step's weights are kept.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double ValidationFraction
    {
        get;
        set => field = Check.InRangeExclusive(value, 0, 1, nameof(ValidationFraction));
    }

    /// <summary>Epochs that all validate worse than the best one before them, after which training stops, 1 or more. Default 10.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int EarlyStoppingPatience
    {
        get;
        set => field = Check.InRange(value, 1, int.MaxValue, nameof(EarlyStoppingPatience));
    } = Defaults.EarlyStoppingPatience;

    /// <summary>
    /// Seed of everything random. Null (default): the <see cref="MLContext"/>'s seed, else a random one that is logged and kept on the transformer.
    /// </summary>
    public int? Seed { get; set; }

    /// <inheritdoc cref="GentleClipOptions.NumberOfThreads"/>
    public int? NumberOfThreads
    {
        get;
        set => field = value is { } number ? Check.InRange(number, 1, 1024, nameof(NumberOfThreads)) : null;
    }

    /// <inheritdoc cref="GentleClipOptions.Device"/>
    public string? Device
    {
        get;
        set => field = Check.NotBlank(value, nameof(Device));
    }

    /// <summary>
    /// Folder in which a training leaves its state, to go on from after a cancellation or a crash; made if it is not there. Null (default): none is left.
    /// As for <see cref="GentleClipOptions.CheckpointDirectory"/>, a <c>Fit</c> with the same rows and options gives the bits of an undisturbed one.
    /// </summary>
    /// <exception cref="ArgumentException">An empty text.</exception>
    public string? CheckpointDirectory
    {
        get;
        set => field = Check.NotBlank(value, nameof(CheckpointDirectory));
    }

    /// <inheritdoc cref="GentleClipOptions.CheckpointSteps"/>
    public int? CheckpointSteps
    {
        get;
        set => field = value is { } number ? Check.InRange(number, 1, int.MaxValue, nameof(CheckpointSteps)) : null;
    }

    /// <inheritdoc cref="GentleClipOptions.CheckpointInterval"/>
    public TimeSpan CheckpointInterval
    {
        get;
        set => field = value > TimeSpan.Zero
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(CheckpointInterval), value, $"{nameof(CheckpointInterval)} must be above zero, found {value}.");
    } = Defaults.CheckpointInterval;

    /// <inheritdoc cref="GentleClipOptions.CheckpointsToKeep"/>
    public int CheckpointsToKeep
    {
        get;
        set => field = Check.InRange(value, 1, int.MaxValue, nameof(CheckpointsToKeep));
    } = Defaults.CheckpointsToKeep;

    /// <summary>
    /// Whether to go on from a checkpoint of other rows or other options, as far as the models are of the same shape. False (default): that is an error, which
    /// names what differs. True: a warning names it.
    /// </summary>
    public bool AllowCheckpointMismatch { get; set; }

    /// <summary>
    /// Is told how far <c>Fit</c> is, as for <see cref="GentleClipOptions.Progress"/>; <see cref="ConsoleProgress"/> shows it in the console. Null (default):
    /// nobody.
    /// </summary>
    public IProgress<TrainingProgress>? Progress { get; set; }

    /// <summary>
    /// Stops a running <c>Fit</c> with <see cref="OperationCanceledException"/> at the next row that it reads, the next batch that it encodes or the next
    /// step. With <see cref="CheckpointDirectory"/> a validation that has begun is finished first, and a checkpoint written.
    /// </summary>
    public CancellationToken CancellationToken { get; set; }

    /// <summary>What progress is measured by; for tests. Null: the system's clock.</summary>
    internal TimeProvider? Clock { get; set; }
}
