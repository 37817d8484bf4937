namespace Microsoft.ML.GentleClip;

/// <summary>
/// What a running <c>Fit</c> is doing; see <see cref="TrainingProgress.Phase"/>. Phases come in the order of these values, and only those that a
/// training has; <see cref="Validating"/> and <see cref="SavingCheckpoint"/> come between the steps of a training as well.
/// </summary>
public enum TrainingPhase
{
    /// <summary>The native library is loaded; a <c>Fit</c> that wants another number of threads waits for its turn.</summary>
    Starting,

    /// <summary>The rows are read into memory, pictures are decoded. Counts <see cref="ProgressUnit.Rows"/>.</summary>
    ReadingRows,

    /// <summary>The rows of the validation set are read. Counts <see cref="ProgressUnit.Rows"/>.</summary>
    ReadingValidationRows,

    /// <summary>With <see cref="CheckpointOptions.Directory"/>: the rows are hashed, so that a checkpoint of other rows is noticed.</summary>
    HashingRows,

    /// <summary>
    /// Closed form: means and principal components of both sides' rows, and the first fit on the pairs. Counts <see cref="ProgressUnit.Rows"/>.
    /// </summary>
    PreparingRows,

    /// <summary>Closed form: cross-validation on the pairs decides which parts are used. Counts <see cref="ProgressUnit.Folds"/>.</summary>
    ChoosingByFolds,

    /// <summary>Closed form: the fit on all pairs. Counts <see cref="ProgressUnit.Rounds"/> of self-training, where it has them.</summary>
    FittingClosedForm,

    /// <summary>The towers are made: pretrained weights are read, inputs standardised, a vocabulary is learnt.</summary>
    MakingTowers,

    /// <summary>A frozen encoder encodes all rows of its column, once. Counts <see cref="ProgressUnit.Rows"/>.</summary>
    EncodingRows,

    /// <summary>The state of a checkpoint is read.</summary>
    RestoringCheckpoint,

    /// <summary>
    /// <see cref="HeadInitialization.LinearProbe"/>: the rows are encoded once, which counts <see cref="ProgressUnit.Rows"/>, and the head of a fine-tuning is
    /// solved on what comes out, which counts <see cref="ProgressUnit.Iterations"/> and tells their loss.
    /// </summary>
    SolvingHead,

    /// <summary>The training loop. Counts <see cref="ProgressUnit.Steps"/>.</summary>
    Training,

    /// <summary>
    /// The second training of <see cref="ValidationOptions.GuardUnpairedObjectives"/>, without the losses on unpaired samples. Counts
    /// <see cref="ProgressUnit.Steps"/>.
    /// </summary>
    TrainingOnPairsOnly,

    /// <summary>
    /// The running statistics of batch normalisations (CDConv, residual networks) are measured on training samples as scoring sees them, whole and without
    /// noise; where there is validation, each one begins with it. Counts <see cref="ProgressUnit.Rows"/>.
    /// </summary>
    MeasuringStatistics,

    /// <summary>The validation pairs are embedded and ranked. Counts <see cref="ProgressUnit.Rows"/> of both sides.</summary>
    Validating,

    /// <summary>A checkpoint is written.</summary>
    SavingCheckpoint,

    /// <summary>The last report of a <c>Fit</c> that ends with a model.</summary>
    Finished,

    /// <summary>The last report of a <c>Fit</c> that ends with an exception, a cancellation included.</summary>
    Stopped,
}
