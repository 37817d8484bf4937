using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Everything that <c>mlContext.Transforms.GentleClip</c> can be told. Each setter checks its value; what depends on several options is checked when the
/// estimator is made, what depends on the data by <c>Fit</c> and <c>Plan</c>. The estimator keeps a copy. Copies with changes are made by <c>with</c>, and are
/// independent of what they were copied from, groups such as <see cref="TrainingOptions.Batches"/> included.
/// </summary>
/// <example>
/// <code>
/// var options = new GentleClipOptions
/// {
///     ModalityA = Modality.Vector("ImageEmbedding", "ImageFeatures"),
///     ModalityB = Modality.Vector("TextEmbedding", "TextFeatures"),
///     MaximumNumberOfSteps = 500,
///     Batches = new() { Size = 128 },
///     Validation = new() { Fraction = 0.1 },
/// };
/// options.Optimizer.LearningRate = 3e-3;
/// var larger = options with { EmbeddingDimension = 256 };
/// </code>
/// </example>
public sealed record GentleClipOptions : TrainingOptions
{
    private int? _maximumNumberOfSteps; // null: nobody asked for any

    /// <summary>Default values.</summary>
    public static class Defaults
    {
        /// <summary>128.</summary>
        public const int EmbeddingDimension = 128;

        /// <summary>1000 optimiser steps; on small data fewer leave every method under-trained.</summary>
        public const int MaximumNumberOfSteps = 1000;

        /// <summary>0.07 at the start; learnt from there.</summary>
        public const double Temperature = 0.07;
    }

    /// <summary>Creates options with the defaults, which are those of <see cref="GentleClipPreset.Recommended"/>.</summary>
    public GentleClipOptions()
    {
    }

    /// <summary>Options of a named preset.</summary>
    /// <example>
    /// <code>
    /// var preset = GentleClipOptions.FromPreset(GentleClipPreset.ClosedForm);
    /// preset.ModalityA = Modality.Vector("SpectrumEmbedding", "Spectrum");
    /// preset.ModalityB = Modality.Vector("ImageEmbedding", "Image");
    /// var alignment = mlContext.Transforms.GentleClip(preset);
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

    /// <summary>
    /// Processes that train together, each with the same options and the same view of all rows, of which it reads and holds those of its shards; see
    /// docs/scale-out.md. <c>Fit</c> must be called in all of them and gives each the same transformer. Borrowed. Null (default): this process alone.
    /// </summary>
    public ProcessGroup? ProcessGroup { get; set; }

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
    /// encodes, the next block or round of the closed form, the next step of a training. With <see cref="CheckpointOptions.Directory"/> a validation that has
    /// begun is finished first, and a checkpoint written.
    /// </summary>
    public CancellationToken CancellationToken { get; set; }

    /// <summary>Whether a number of steps was asked for, be it the usual one.</summary>
    internal bool AsksForSteps => _maximumNumberOfSteps is not null;
}
