using System.Globalization;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Everything that <c>mlContext.Transforms.GentleClip</c> can be told. Each setter checks its value; what depends on the data or
/// on several options is checked by <c>Fit</c>. The estimator keeps a copy.
/// </summary>
public sealed class GentleClipOptions
{
    private Modality? _modalityA;
    private Modality? _modalityB;
    private string? _pairedColumnName;
    // The projection head's layer normalisation makes a single slot 0.
    private const int FewestTowerSlots = 2;

    private int _embeddingDimension = Defaults.EmbeddingDimension;
    private int _batchSize = Defaults.BatchSize;
    private int? _pairsPerBatch;
    private PairsPerBatchRule _pairsPerBatchRule;
    private int? _maximumNumberOfSteps; // null: nobody asked for any
    private double _learningRate = Defaults.LearningRate;
    private double _weightDecay = Defaults.WeightDecay;
    private double _warmupFraction = Defaults.WarmupFraction;
    private double _gradientClipNorm = Defaults.GradientClipNorm;
    private double _temperature = Defaults.Temperature;
    private ObjectiveList _objectives = Presets.RecommendedObjectives;
    private TrainingRows _trainingRows;
    private double _validationFraction = Defaults.ValidationFraction;
    private string? _checkpointDirectory;
    private int? _checkpointSteps;
    private TimeSpan _checkpointInterval = Defaults.CheckpointInterval;
    private int _checkpointsToKeep = Defaults.CheckpointsToKeep;
    private int _earlyStoppingPatience = Defaults.EarlyStoppingPatience;
    private int? _numberOfThreads;
    private string? _device;

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

    /// <summary>Creates a copy.</summary>
    /// <param name="other">Options to copy.</param>
    public GentleClipOptions(GentleClipOptions other)
    {
        ArgumentNullException.ThrowIfNull(other);
        _modalityA = other._modalityA;
        _modalityB = other._modalityB;
        _pairedColumnName = other._pairedColumnName;
        _embeddingDimension = other._embeddingDimension;
        _batchSize = other._batchSize;
        _pairsPerBatch = other._pairsPerBatch;
        _pairsPerBatchRule = other._pairsPerBatchRule;
        _maximumNumberOfSteps = other._maximumNumberOfSteps;
        _learningRate = other._learningRate;
        _weightDecay = other._weightDecay;
        _warmupFraction = other._warmupFraction;
        _gradientClipNorm = other._gradientClipNorm;
        _temperature = other._temperature;
        LearnTemperature = other.LearnTemperature;
        _objectives = other._objectives;
        Teacher = other.Teacher;
        GuardUnpairedObjectives = other.GuardUnpairedObjectives;
        _trainingRows = other._trainingRows;
        _validationFraction = other._validationFraction;
        _earlyStoppingPatience = other._earlyStoppingPatience;
        _numberOfThreads = other._numberOfThreads;
        _device = other._device;
        _checkpointDirectory = other._checkpointDirectory;
        _checkpointSteps = other._checkpointSteps;
        _checkpointInterval = other._checkpointInterval;
        _checkpointsToKeep = other._checkpointsToKeep;
        AllowCheckpointMismatch = other.AllowCheckpointMismatch;
        AllowNoPairs = other.AllowNoPairs;
        CheckpointStream = other.CheckpointStream;
        Clock = other.Clock;
        Seed = other.Seed;
        Progress = other.Progress;
        CancellationToken = other.CancellationToken;
    }

    /// <summary>Options of a named preset.</summary>
    /// <param name="preset">The preset.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not a preset.</exception>
    public static GentleClipOptions FromPreset(GentleClipPreset preset) => Presets.Create(preset);

    /// <summary>First modality (U in the paper). Required.</summary>
    /// <exception cref="ArgumentNullException">Set to null.</exception>
    public Modality? ModalityA
    {
        get => _modalityA;
        set => _modalityA = value ?? throw new ArgumentNullException(nameof(ModalityA));
    }

    /// <summary>Second modality (V in the paper). Required.</summary>
    /// <exception cref="ArgumentNullException">Set to null.</exception>
    public Modality? ModalityB
    {
        get => _modalityB;
        set => _modalityB = value ?? throw new ArgumentNullException(nameof(ModalityB));
    }

    /// <summary>
    /// Boolean column that says whether a row is a matched pair (true) or holds unpaired samples (false).
    /// Null (default): a row that has both sides is a pair.
    /// </summary>
    /// <exception cref="ArgumentException">An empty name.</exception>
    public string? PairedColumnName
    {
        get => _pairedColumnName;
        set
        {
            if (value is not null)
                ArgumentException.ThrowIfNullOrWhiteSpace(value, nameof(PairedColumnName));
            _pairedColumnName = value;
        }
    }

    /// <summary>Length of the embeddings, 2 to 16384. Default 128.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int EmbeddingDimension
    {
        get => _embeddingDimension;
        set => _embeddingDimension = Check.InRange(value, 2, 16384, nameof(EmbeddingDimension));
    }

    /// <summary>Rows of each modality in a batch, pairs included, 4 to 1048576 (B in the paper). Fewer when the data hold fewer. Default 256.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int BatchSize
    {
        get => _batchSize;
        set => _batchSize = Check.InRange(value, 4, 1 << 20, nameof(BatchSize));
    }

    /// <summary>
    /// Matched pairs in a batch, 2 or more, at most <see cref="BatchSize"/>. Null (default): half the batch. Never more than the data hold.
    /// Used with <see cref="PairsPerBatchRule.Fixed"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 2.</exception>
    public int? PairsPerBatch
    {
        get => _pairsPerBatch;
        set => _pairsPerBatch = value is { } number ? Check.InRange(number, 2, 1 << 20, nameof(PairsPerBatch)) : null;
    }

    /// <summary>How the number of pairs in a batch is found. Default <see cref="PairsPerBatchRule.Fixed"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a rule.</exception>
    public PairsPerBatchRule PairsPerBatchRule
    {
        get => _pairsPerBatchRule;
        set => _pairsPerBatchRule = Check.Defined(value, nameof(PairsPerBatchRule));
    }

    /// <summary>Optimiser steps, 1 or more; early stopping may end before. Default 1000.</summary>
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
        get => _learningRate;
        set => _learningRate = Check.Positive(value, nameof(LearningRate));
    }

    /// <summary>Decoupled weight decay of AdamW on weight matrices, 0 or more. Default 1e-2.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public double WeightDecay
    {
        get => _weightDecay;
        set => _weightDecay = Check.NotNegative(value, nameof(WeightDecay));
    }

    /// <summary>Share of the steps in which the learning rate rises from 0, 0 to 1. Default 0.05.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double WarmupFraction
    {
        get => _warmupFraction;
        set => _warmupFraction = Check.InRange(value, 0, 1, nameof(WarmupFraction));
    }

    /// <summary>Largest norm of the gradient over all parameters, above 0; a larger one is scaled down. Default 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0.</exception>
    public double GradientClipNorm
    {
        get => _gradientClipNorm;
        set => _gradientClipNorm = Check.Positive(value, nameof(GradientClipNorm));
    }

    /// <summary>Temperature tau of the contrastive losses at the start, 0.01 to 1; learnt, and never below 0.01. Default 0.07.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Temperature
    {
        get => _temperature;
        set => _temperature = Check.InRange(value, 0.01, 1, nameof(Temperature));
    }

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
        get => _objectives;
        set => _objectives = value ?? throw new ArgumentNullException(nameof(Objectives));
    }

    /// <summary>
    /// A closed-form alignment, fitted on the same rows before the towers are trained: the embedding itself, a part of it, or a guide of the
    /// towers, as its <see cref="TeacherOptions.Role"/> says. For modalities of feature vectors. Default: alone where nothing asks for towers, else
    /// beside them (<see cref="TeacherRole.Chosen"/>), and left out where the modalities or the number of pairs do not allow it
    /// (<see cref="TeacherOptions.Optional"/>). Null: none.
    /// </summary>
    public TeacherOptions? Teacher { get; set; } = new() { Role = TeacherRole.Chosen, Optional = true };

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
        get => _trainingRows;
        set => _trainingRows = Check.Defined(value, nameof(TrainingRows));
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
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double ValidationFraction
    {
        get => _validationFraction;
        set => _validationFraction = Check.InRangeExclusive(value, 0, 1, nameof(ValidationFraction));
    }

    /// <summary>Epochs that all validate worse than the best one before them, after which training stops, 1 or more. Default 20.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int EarlyStoppingPatience
    {
        get => _earlyStoppingPatience;
        set => _earlyStoppingPatience = Check.InRange(value, 1, int.MaxValue, nameof(EarlyStoppingPatience));
    }

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
        get => _numberOfThreads;
        set => _numberOfThreads = value is { } number ? Check.InRange(number, 1, 1024, nameof(NumberOfThreads)) : null;
    }

    /// <summary>"cpu", "cuda" or "cuda:N". Null (default): <see cref="MLContext.GpuDeviceId"/> decides, and without one the CPU.</summary>
    /// <exception cref="ArgumentException">An empty text.</exception>
    public string? Device
    {
        get => _device;
        set
        {
            if (value is not null)
                ArgumentException.ThrowIfNullOrWhiteSpace(value, nameof(Device));
            _device = value;
        }
    }

    /// <summary>
    /// Folder in which a training leaves its state, to go on from after a cancellation or a crash; made if it is not there. Null (default): none is left.
    /// A <c>Fit</c> with the same rows and options goes on from the newest checkpoint that is whole, and gives the same weights as an undisturbed
    /// one, bit for bit on a CPU with the same number of threads.
    /// After the end the last checkpoint stays: another <c>Fit</c> gives the finished model again. A closed form alone leaves none.
    /// </summary>
    /// <exception cref="ArgumentException">An empty text.</exception>
    public string? CheckpointDirectory
    {
        get => _checkpointDirectory;
        set
        {
            if (value is not null)
                ArgumentException.ThrowIfNullOrWhiteSpace(value, nameof(CheckpointDirectory));
            _checkpointDirectory = value;
        }
    }

    /// <summary>
    /// Steps after which a checkpoint is written, 1 or more. Null (default): <see cref="CheckpointInterval"/> alone decides. One is written at a
    /// cancellation and at the end in any case.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int? CheckpointSteps
    {
        get => _checkpointSteps;
        set => _checkpointSteps = value is { } number ? Check.InRange(number, 1, int.MaxValue, nameof(CheckpointSteps)) : null;
    }

    /// <summary>Time after which a checkpoint is written at the next step, above zero. Default 10 minutes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero or less.</exception>
    public TimeSpan CheckpointInterval
    {
        get => _checkpointInterval;
        set => _checkpointInterval = value > TimeSpan.Zero
            ? value
            : throw new ArgumentOutOfRangeException(nameof(CheckpointInterval), value, $"{nameof(CheckpointInterval)} must be above zero, found {value}.");
    }

    /// <summary>Checkpoints of a running training that are kept, 1 or more; older ones are deleted. Default 3.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int CheckpointsToKeep
    {
        get => _checkpointsToKeep;
        set => _checkpointsToKeep = Check.InRange(value, 1, int.MaxValue, nameof(CheckpointsToKeep));
    }

    /// <summary>
    /// Whether to go on from a checkpoint of other rows or other options, as far as the towers are of the same shape. False (default): that is an
    /// error, which names what differs. True: a warning names it,
    /// and the result is neither that of the one training nor that of the other.
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
    public IProgress<TrainingProgress>? Progress { get; set; }

    /// <summary>
    /// Stops a running <c>Fit</c> with <see cref="OperationCanceledException"/>, whatever it is doing: at the next row that it reads, the next batch that it
    /// encodes, the next block or round of the closed form, the next step of a training. With <see cref="CheckpointDirectory"/> a validation that has begun
    /// is finished first, and a checkpoint written.
    /// </summary>
    public CancellationToken CancellationToken { get; set; }

    /// <summary>Checks what depends on more than one option.</summary>
    /// <exception cref="ArgumentException">Options contradict each other or one is missing.</exception>
    internal void Validate()
    {
        var a = ModalityA ?? throw new ArgumentException($"{nameof(GentleClipOptions)}.{nameof(ModalityA)} is not set.");
        var b = ModalityB ?? throw new ArgumentException($"{nameof(GentleClipOptions)}.{nameof(ModalityB)} is not set.");
        if (a.InputColumnName == b.InputColumnName)
            throw new ArgumentException($"Both modalities read column '{a.InputColumnName}'; expected two different columns.");
        if (a.OutputColumnName == b.OutputColumnName)
            throw new ArgumentException($"Both modalities write column '{a.OutputColumnName}'; expected two different columns.");
        if (PairedColumnName is { } paired && (paired == a.InputColumnName || paired == b.InputColumnName))
            throw new ArgumentException($"Column '{paired}' is both the paired column and a modality's input; expected a Boolean column of its own.");
        CheckOtherColumns(a);
        CheckOtherColumns(b);
        a.Validate();
        b.Validate();
        if (PairsPerBatch > BatchSize)
            throw new ArgumentException(
                $"{nameof(PairsPerBatch)} is {PairsPerBatch}, above {nameof(BatchSize)} {BatchSize}; expected at most {nameof(BatchSize)}.");
        ValidateTeacher(a, b);
        if (Objectives.Needs.Keywords is { } keywords)
            ValidateKeywords(keywords, a, b);
        if (TrainsTowers && !Objectives.AlignsAtAll)
            throw new ArgumentException(
                $"Of the objectives ({Objectives}) none that looks at pairs, or that aligns the modalities without any, has a weight above 0; "
                + "expected at least one.");
    }

    private void ValidateKeywords(KeywordOptions keywords, Modality a, Modality b)
    {
        if (keywords.IndicatorColumnName == a.InputColumnName || keywords.IndicatorColumnName == b.InputColumnName
            || keywords.IndicatorColumnName == PairedColumnName)
            throw new ArgumentException(
                $"Column '{keywords.IndicatorColumnName}' is both the keywords' indicator column and another input; expected a column of its own.");
        if ((keywords.Modality == PseudoLabelSides.A ? a : b) is not VectorModality and var own)
            throw new ArgumentException($"Keywords need a modality of feature vectors, but column '{own.InputColumnName}' is a {own.GetType().Name}.");
    }

    private void CheckOtherColumns(Modality modality)
    {
        foreach (var name in modality.OtherInputColumnNames)
            if (name == PairedColumnName || name == Objectives.Needs.Keywords?.IndicatorColumnName)
                throw new ArgumentException(
                    $"Column '{name}' is an input of a modality, and the paired or keywords' indicator column as well; expected a column of its own.");
    }

    private void ValidateTeacher(Modality a, Modality b)
    {
        if (Teacher is not { } teacher)
        {
            if (Objectives.Active.FirstOrDefault(objective => objective.Needs.ClosedForm) is { } follower)
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                    $"The objective '{follower.Name}' has a weight of {follower.Weight}, but there is no {nameof(Teacher)} that it could follow; "
                    + $"set one, or leave the objective out."));
            return;
        }
        foreach (var modality in teacher.Optional ? [] : new[] { a, b })
        {
            if (modality is not VectorModality)
                throw new ArgumentException(
                    $"A teacher needs modalities of feature vectors, but column '{modality.InputColumnName}' is a {modality.GetType().Name}.");
        }
        if (teacher is { SelfTraining: TeacherPart.On, Method: not TeacherMethod.SelfTraining })
            throw new ArgumentException(
                $"The teacher's {nameof(TeacherOptions.SelfTraining)} is {teacher.SelfTraining}, but its {nameof(TeacherOptions.Method)} is {teacher.Method}, "
                + $"which has no self-training; expected {nameof(TeacherMethod)}.{nameof(TeacherMethod.SelfTraining)}.");
        if (teacher is { Strict: true, Method: not TeacherMethod.Chosen })
            throw new ArgumentException(
                $"The teacher is {nameof(TeacherOptions.Strict)}, but its {nameof(TeacherOptions.Method)} is {teacher.Method}, "
                + $"so that there is nothing to choose; expected {nameof(TeacherMethod)}.{nameof(TeacherMethod.Chosen)}.");
        if (teacher is { Method: TeacherMethod.Linear, LinearWeight: 0 })
            throw new ArgumentException(
                $"The teacher's {nameof(TeacherOptions.Method)} is {teacher.Method}, but its {nameof(TeacherOptions.LinearWeight)} is 0; expected a "
                + "weight above 0.");
        if (teacher.LinearWeight + teacher.KernelWeight == 0)
            throw new ArgumentException(
                $"{nameof(TeacherOptions.LinearWeight)} and {nameof(TeacherOptions.KernelWeight)} of the teacher are 0; expected at least one above 0.");
        if (teacher.Role == TeacherRole.Guide && !Objectives.Needs.ClosedForm)
            throw new ArgumentException(
                $"The teacher's role is {nameof(TeacherRole.Guide)}, but no objective follows it, so that it would guide nothing; expected one that "
                + $"does, such as {nameof(KlotObjective)}, or another role.");
        if (teacher.Role is TeacherRole.SideBySide or TeacherRole.Chosen && !LeavesTowersSlots && !(teacher.Optional && teacher.Dimension is null))
            throw new ArgumentException(
                $"The teacher has {Math.Max(TeacherSlots, 1)} slots of an embedding of {EmbeddingDimension}; expected at most "
                + $"{EmbeddingDimension - FewestTowerSlots}, so that {FewestTowerSlots} are left for the towers.");
    }

    /// <summary>The options without the teacher and what needs it.</summary>
    /// <param name="leftOut">The objectives that went with it, as a sentence for the log; empty for none.</param>
    /// <exception cref="InvalidOperationException">Nothing would be left to train on.</exception>
    internal GentleClipOptions WithoutTeacher(out string leftOut)
    {
        string[] followers = [.. Objectives.Active.Where(objective => objective.Needs.ClosedForm).Select(objective => objective.Name)];
        var rest = Objectives.WithoutClosedForm();
        if (!rest.AlignsAtAll)
            throw new InvalidOperationException(
                $"There can be no {nameof(Teacher)} here, and of the objectives that do not follow it ({rest}) none that looks at pairs, or that aligns "
                + "the modalities without any, has a weight above 0; expected at least one.");
        leftOut = followers.Length == 0 ? "" : $" The objectives that follow it are left out: {string.Join(", ", followers)}.";
        return new GentleClipOptions(this) { Teacher = null, Objectives = rest };
    }

    /// <summary>Slots of the embedding that a teacher beside the towers has; 0 where nothing would be left for them.</summary>
    internal int TeacherSlots => Teacher?.Dimension ?? Math.Min(EmbeddingDimension / 2, EmbeddingDimension - FewestTowerSlots);

    /// <summary>Whether a teacher beside the towers leaves them enough slots.</summary>
    internal bool LeavesTowersSlots => TeacherSlots >= 1 && EmbeddingDimension - TeacherSlots >= FewestTowerSlots;

    /// <summary>Whether a number of steps was asked for, be it the usual one.</summary>
    internal bool AsksForSteps => _maximumNumberOfSteps is not null;

    /// <summary>Whether there are towers to train.</summary>
    internal bool TrainsTowers => Teacher is not { Role: TeacherRole.Alone };
}
