using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Everything that <c>mlContext.Transforms.GentleClip</c> can be told. Each setter checks its value; what depends on several options is checked when the
/// estimator is made, what depends on the data by <c>Fit</c> and <c>Plan</c>. The estimator keeps a copy. Copies with changes are made by <c>with</c>.
/// </summary>
public sealed record GentleClipOptions
{
    private int? _maximumNumberOfSteps; // null: nobody asked for any

    /// <summary>Default values.</summary>
    public static class Defaults
    {
        /// <summary>128.</summary>
        public const int EmbeddingDimension = 128;

        /// <summary>256 rows of each modality.</summary>
        public const int BatchSize = 256;

        /// <summary>1000 optimiser steps; on small data fewer leave every method under-trained.</summary>
        public const int MaximumNumberOfSteps = 1000;

        /// <summary>1e-3.</summary>
        public const double LearningRate = 1e-3;

        /// <summary>1e-2.</summary>
        public const double WeightDecay = 1e-2;

        /// <summary>0.05 of the steps.</summary>
        public const double WarmupFraction = 0.05;

        /// <summary>Gradients of a norm above 1 are scaled to 1.</summary>
        public const double GradientClipNorm = 1;

        /// <summary>0.07 at the start; learnt from there.</summary>
        public const double Temperature = 0.07;

        /// <summary>0: no pair is held out.</summary>
        public const double ValidationFraction = 0;

        /// <summary>20 epochs.</summary>
        public const int EarlyStoppingPatience = 20;

        /// <summary>The last 3.</summary>
        public const int CheckpointsToKeep = 3;

        /// <summary>Every ten minutes.</summary>
        public static TimeSpan CheckpointInterval { get; } = TimeSpan.FromMinutes(10);
    }

    /// <summary>Creates options with the defaults, which are those of <see cref="GentleClipPreset.Recommended"/>.</summary>
    public GentleClipOptions()
    {
    }

    /// <summary>Options of a named preset.</summary>
    /// <example>
    /// <code>
    /// var options = GentleClipOptions.FromPreset(GentleClipPreset.ClosedForm);
    /// options.ModalityA = Modality.Vector("SpectrumEmbedding", "Spectrum");
    /// options.ModalityB = Modality.Vector("ImageEmbedding", "Image");
    /// var estimator = mlContext.Transforms.GentleClip(options);
    /// </code>
    /// </example>
    /// <param name="preset">The preset.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not a preset.</exception>
    public static GentleClipOptions FromPreset(GentleClipPreset preset) => Presets.Create(preset);

    /// <summary>First modality (U in the paper). Required.</summary>
    /// <exception cref="ArgumentNullException">Set to null.</exception>
    public Modality? ModalityA
    {
        get;
        set => field = value ?? throw new ArgumentNullException(nameof(ModalityA));
    }

    /// <summary>Second modality (V in the paper). Required.</summary>
    /// <exception cref="ArgumentNullException">Set to null.</exception>
    public Modality? ModalityB
    {
        get;
        set => field = value ?? throw new ArgumentNullException(nameof(ModalityB));
    }

    /// <summary>
    /// Boolean column that says whether a row is a matched pair (true) or holds unpaired samples (false).
    /// Null (default): a row that has both sides is a pair.
    /// </summary>
    /// <exception cref="ArgumentException">An empty name.</exception>
    public string? PairedColumnName
    {
        get;
        set
        {
            if (value is not null)
                ArgumentException.ThrowIfNullOrWhiteSpace(value, nameof(PairedColumnName));
            field = value;
        }
    }

    /// <summary>Length of the embeddings, 2 to 16384. Default 128.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int EmbeddingDimension
    {
        get;
        set => field = Check.InRange(value, 2, 16384, nameof(EmbeddingDimension));
    } = Defaults.EmbeddingDimension;

    /// <summary>Rows of each modality in a batch, pairs included, 4 to 1048576 (B in the paper). Fewer when the data hold fewer. Default 256.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int BatchSize
    {
        get;
        set => field = Check.InRange(value, 4, 1 << 20, nameof(BatchSize));
    } = Defaults.BatchSize;

    /// <summary>
    /// Matched pairs in a batch, 2 or more, at most <see cref="BatchSize"/>. Null (default): half the batch. Never more than the data hold.
    /// Used with <see cref="PairsPerBatchRule.Fixed"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 2.</exception>
    public int? PairsPerBatch
    {
        get;
        set => field = value is { } number ? Check.InRange(number, 2, 1 << 20, nameof(PairsPerBatch)) : null;
    }

    /// <summary>How the number of pairs in a batch is found. Default <see cref="PairsPerBatchRule.Fixed"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a rule.</exception>
    public PairsPerBatchRule PairsPerBatchRule
    {
        get;
        set => field = Check.Defined(value, nameof(PairsPerBatchRule));
    }

    /// <summary>Optimiser steps, 1 or more; early stopping may end before. Default 1000.</summary>
    /// <example>
    /// <code>
    /// options.MaximumNumberOfSteps = 200;   // for a first look
    /// </code>
    /// </example>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int MaximumNumberOfSteps
    {
        get => _maximumNumberOfSteps ?? Defaults.MaximumNumberOfSteps;
        set => _maximumNumberOfSteps = Check.InRange(value, 1, int.MaxValue, nameof(MaximumNumberOfSteps));
    }

    /// <summary>Peak learning rate of AdamW, above 0; reached after the warm-up, then lowered along a cosine. Default 1e-3.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0.</exception>
    public double LearningRate
    {
        get;
        set => field = Check.Positive(value, nameof(LearningRate));
    } = Defaults.LearningRate;

    /// <summary>Decoupled weight decay of AdamW on weight matrices, 0 or more. Default 1e-2.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public double WeightDecay
    {
        get;
        set => field = Check.NotNegative(value, nameof(WeightDecay));
    } = Defaults.WeightDecay;

    /// <summary>Share of the steps in which the learning rate rises from 0, 0 to 1. Default 0.05.</summary>
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

    /// <summary>Temperature tau of the contrastive losses at the start, 0.01 to 1; learnt, and never below 0.01. Default 0.07.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Temperature
    {
        get;
        set => field = Check.InRange(value, 0.01, 1, nameof(Temperature));
    } = Defaults.Temperature;

    /// <summary>Whether the temperature is learnt; false keeps <see cref="Temperature"/>. Default true.</summary>
    public bool LearnTemperature { get; set; } = true;

    /// <summary>
    /// The terms of the loss, the library's and your own, in the order in which they are added up. Default, as in
    /// <see cref="GentleClipPreset.Recommended"/>: <see cref="ContrastiveObjective"/>, <see cref="SelfSupervisedObjective"/>, <see cref="MmdObjective"/> and
    /// <see cref="SddObjective"/>, which make equation 9. <see cref="ObjectiveList"/> says how to change one of them.
    /// </summary>
    /// <exception cref="ArgumentNullException">Set to null.</exception>
    public ObjectiveList Objectives
    {
        get;
        set => field = value ?? throw new ArgumentNullException(nameof(Objectives));
    } = Presets.RecommendedObjectives;

    /// <summary>
    /// A closed-form alignment, fitted on the same rows before the towers are trained: the embedding itself, a part of it, or a teacher of the
    /// towers, as its <see cref="ClosedFormOptions.Role"/> says. For feature vectors and frozen encoders. Default: alone where nothing asks for towers, else
    /// beside them (<see cref="ClosedFormRole.Chosen"/>), and left out where the modalities or the number of pairs do not allow it
    /// (<see cref="ClosedFormOptions.Optional"/>). Null: none.
    /// </summary>
    public ClosedFormOptions? ClosedForm { get; set; } = new() { Optional = true };

    /// <summary>
    /// Whether, where there are validation pairs, the towers are trained a second time without the losses on unpaired samples, and the
    /// training with the lower <see cref="ValidationRetrieval.MeanLogRank"/> is kept, the first one where both are equal; see
    /// <see cref="GentleClipTransformer.UnpairedObjectives"/>. Doubles the steps. Default false.
    /// </summary>
    public bool GuardUnpairedObjectives { get; set; }

    /// <summary>Which rows the next estimator of a pipeline is fitted on. Default <see cref="TrainingRows.All"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public TrainingRows TrainingRows
    {
        get;
        set => field = Check.Defined(value, nameof(TrainingRows));
    }

    /// <summary>
    /// Whether <c>Fit</c> may train with fewer than two matched pairs, where a loss looks at unpaired samples: the modalities' distributions are
    /// brought together then, but nothing says which sample belongs to which. The log warns. Default false: that is an error, which says
    /// what makes a pair and what was found. A closed form needs two pairs in any case.
    /// </summary>
    public bool AllowNoPairs { get; set; }

    /// <summary>
    /// Share of the matched pairs held out for validation, 0 to below 1; at least 2 pairs when above 0. After each epoch the partners of the
    /// held-out pairs are ranked among all samples of the other side (<see cref="ValidationRetrieval"/>). The weights of the epoch with the
    /// lowest mean log rank are kept, of equal epochs the latest's, and training stops early. For 20 held-out pairs and more: fewer choose
    /// largely by chance, of which the log warns, and are missed in training. Not used when <c>Fit</c> is given a validation set. Default 0:
    /// the last step's weights are kept.
    /// </summary>
    /// <example>
    /// <code>
    /// options.ValidationFraction = 0.1;   // with 200 pairs or more; the best epoch is kept
    /// </code>
    /// </example>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double ValidationFraction
    {
        get;
        set => field = Check.InRangeExclusive(value, 0, 1, nameof(ValidationFraction));
    }

    /// <summary>Epochs that all validate worse than the best one before them, after which training stops, 1 or more. Default 20.</summary>
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

    /// <summary>
    /// Threads inside tensor operations, 1 to 1024. Null (default) leaves the process's setting alone; a number is set for the whole
    /// process while <c>Fit</c> runs, and a parallel <c>Fit</c> that asks for another number waits.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int? NumberOfThreads
    {
        get;
        set => field = value is { } number ? Check.InRange(number, 1, 1024, nameof(NumberOfThreads)) : null;
    }

    /// <summary>"cpu", "cuda" or "cuda:N". Null (default): <see cref="MLContext.GpuDeviceId"/> decides, and without one the CPU.</summary>
    /// <exception cref="ArgumentException">An empty text.</exception>
    public string? Device
    {
        get;
        set
        {
            if (value is not null)
                ArgumentException.ThrowIfNullOrWhiteSpace(value, nameof(Device));
            field = value;
        }
    }

    /// <summary>
    /// Folder in which a training leaves its state, to go on from after a cancellation or a crash; made if it is not there. Null (default): none is left.
    /// A <c>Fit</c> with the same rows and options goes on from the newest checkpoint that is whole, and gives the same weights as an undisturbed one, bit
    /// for bit on a CPU with the same number of threads.
    /// After the end the last checkpoint stays: another <c>Fit</c> gives the finished model again. A closed form alone leaves none.
    /// </summary>
    /// <exception cref="ArgumentException">An empty text.</exception>
    public string? CheckpointDirectory
    {
        get;
        set
        {
            if (value is not null)
                ArgumentException.ThrowIfNullOrWhiteSpace(value, nameof(CheckpointDirectory));
            field = value;
        }
    }

    /// <summary>
    /// Steps after which a checkpoint is written, 1 or more. Null (default): only <see cref="CheckpointInterval"/> decides. One is written at a cancellation
    /// and at the end in any case.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int? CheckpointSteps
    {
        get;
        set => field = value is { } number ? Check.InRange(number, 1, int.MaxValue, nameof(CheckpointSteps)) : null;
    }

    /// <summary>Time after which a checkpoint is written at the next step, above zero. Default 10 minutes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero or less.</exception>
    public TimeSpan CheckpointInterval
    {
        get;
        set => field = value > TimeSpan.Zero
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(CheckpointInterval), value, $"{nameof(CheckpointInterval)} must be above zero, found {value}.");
    } = Defaults.CheckpointInterval;

    /// <summary>Checkpoints of a running training that are kept, 1 or more; older ones are deleted. Default 3.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int CheckpointsToKeep
    {
        get;
        set => field = Check.InRange(value, 1, int.MaxValue, nameof(CheckpointsToKeep));
    } = Defaults.CheckpointsToKeep;

    /// <summary>
    /// Whether to go on from a checkpoint of other rows or other options, as far as the towers are of the same shape. False (default): that is an error, which
    /// names what differs. True: a warning names it, and the result is neither that of the one training nor that of the other.
    /// </summary>
    public bool AllowCheckpointMismatch { get; set; }

    /// <summary>What stands between a checkpoint and its file; for tests of disks that are full.</summary>
    internal Func<Stream, Stream>? CheckpointStream { get; set; }

    /// <summary>What progress is measured by; for tests. Null: the system's clock.</summary>
    internal TimeProvider? Clock { get; set; }

    /// <summary>
    /// Is told how far <c>Fit</c> is: at the beginning and end of each phase and some ten times a second at most between, from its first moment on and on
    /// its thread. <see cref="ConsoleProgress"/> shows it in the console; <see cref="Progress{T}"/> hands it to another thread. What the implementation
    /// throws ends <c>Fit</c>, with that exception. Null (default): nobody.
    /// </summary>
    /// <example>
    /// <code>
    /// options.Progress = new ConsoleProgress();
    /// </code>
    /// </example>
    public IProgress<TrainingProgress>? Progress { get; set; }

    /// <summary>
    /// Stops a running <c>Fit</c> with <see cref="OperationCanceledException"/>, whatever it is doing: at the next row that it reads, the next batch that it
    /// encodes, the next block or round of the closed form, the next step of a training. With <see cref="CheckpointDirectory"/> a validation that has begun
    /// is finished first, and a checkpoint written.
    /// </summary>
    public CancellationToken CancellationToken { get; set; }

    /// <summary>Whether a number of steps was asked for, be it the usual one.</summary>
    internal bool AsksForSteps => _maximumNumberOfSteps is not null;
}
