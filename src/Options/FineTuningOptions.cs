using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Everything that a fine-tuning can be told: <c>mlContext.MulticlassClassification.Trainers.GentleClipFineTuning</c> and its neighbours. Each setter checks
/// its value; what depends on several options is checked when the estimator is made. The estimator keeps a copy.
/// </summary>
public sealed record FineTuningOptions : TrainingOptions
{
    /// <summary>Default values; those of the groups are their own but for two.</summary>
    public static class Defaults
    {
        /// <summary>Label.</summary>
        public const string LabelColumnName = "Label";

        /// <summary>32 rows, in the place of <see cref="BatchOptions.Defaults.Size"/>.</summary>
        public const int BatchSize = 32;

        /// <summary>500 optimiser steps.</summary>
        public const int MaximumNumberOfSteps = 500;

        /// <summary>0.1 of the features.</summary>
        public const double Dropout = 0.1;

        /// <summary>The solved head.</summary>
        public const HeadInitialization HeadInitialization = GentleClip.HeadInitialization.LinearProbe;

        /// <summary>0.01, where no validation rows choose it.</summary>
        public const double HeadL2Regularization = 1e-2;

        /// <summary>10 epochs, in the place of <see cref="ValidationOptions.Defaults.EarlyStoppingPatience"/>.</summary>
        public const int EarlyStoppingPatience = 10;
    }

    /// <summary>
    /// Creates options with the defaults. The groups are those of every training: <see cref="TrainingOptions.Batches"/> of rows,
    /// <see cref="TrainingOptions.Optimizer"/> whose learning rate is the head's, <see cref="TrainingOptions.Validation"/> on rows, and
    /// <see cref="TrainingOptions.Checkpoints"/>. What they have for pairs alone is refused when the estimator is made.
    /// </summary>
    public FineTuningOptions()
    {
        Batches.Size = Defaults.BatchSize;
        Validation.EarlyStoppingPatience = Defaults.EarlyStoppingPatience;
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

    /// <summary>
    /// Peak rate of the encoders, 1e-30 to 1e30. Null (default): all of the head's, which is <see cref="OptimizerOptions.LearningRate"/>; a tenth of it
    /// for a network with published weights, and for an ESM-2, BERT, ResNet, ViT or encoder of your own that comes from a transformer.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double? EncoderLearningRate
    {
        get;
        set => field = value is { } rate
            ? Check.InRange(rate, OptimizerOptions.SmallestRate, OptimizerOptions.LargestRate, nameof(EncoderLearningRate))
            : null;
    }

    /// <summary>Optimiser steps, 1 or more; early stopping may end before. Default 500.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int MaximumNumberOfSteps
    {
        get;
        set => field = Check.InRange(value, 1, int.MaxValue, nameof(MaximumNumberOfSteps));
    } = Defaults.MaximumNumberOfSteps;

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
    /// What the head is before the first step. Default <see cref="HeadInitialization.LinearProbe"/>: the solution on the features that the encoders give
    /// then. It costs one pass of all training rows through the encoders, and the features of these rows are kept until it is found.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public HeadInitialization HeadInitialization
    {
        get;
        set => field = Check.Defined(value, nameof(HeadInitialization));
    } = Defaults.HeadInitialization;

    /// <summary>
    /// With <see cref="HeadInitialization.LinearProbe"/>: weight of half the head's squared weights, for standardised features, beside the mean loss of the
    /// rows, above 0. Null (default): the one of 1, 0.3, 0.1, ... 0.0003 whose loss is lowest on the validation rows, and 0.01 where there are none.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0.</exception>
    public double? HeadL2Regularization
    {
        get;
        set => field = value is { } weight ? Check.Positive(weight, nameof(HeadL2Regularization)) : null;
    }

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
    /// Is told how far <c>Fit</c> is, as for <see cref="GentleClipOptions.Progress"/>; <see cref="ConsoleProgress"/> shows it in the console. Null (default):
    /// nobody.
    /// </summary>
    public IProgress<TrainingProgress>? Progress { get; set; }

    /// <summary>
    /// Stops a running <c>Fit</c> with <see cref="OperationCanceledException"/> at the next row that it reads, the next batch that it encodes or the next
    /// step. With <see cref="CheckpointOptions.Directory"/> a validation that has begun is finished first, and a checkpoint written.
    /// </summary>
    public CancellationToken CancellationToken { get; set; }

    /// <summary>What progress is measured by; for tests. Null: the system's clock.</summary>
    internal TimeProvider? Clock { get; set; }
}
