using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>Where and when a training leaves its state; <see cref="TrainingOptions.Checkpoints"/>.</summary>
public sealed record CheckpointOptions
{
    private const string Group = $"{nameof(TrainingOptions.Checkpoints)}.";

    /// <summary>Default values.</summary>
    public static class Defaults
    {
        /// <summary>The last 3.</summary>
        public const int Keep = 3;

        /// <summary>Every ten minutes.</summary>
        public static TimeSpan Interval { get; } = TimeSpan.FromMinutes(10);
    }

    /// <summary>
    /// Folder in which a training leaves its state, to go on from after a cancellation or a crash; made if it is not there. Null (default): none is left.
    /// A <c>Fit</c> with the same rows and options goes on from the newest checkpoint that is whole, and gives the same weights as an undisturbed one, bit
    /// for bit on a CPU with the same number of threads.
    /// After the end the last checkpoint stays: another <c>Fit</c> gives the finished model again. A closed form alone leaves none.
    /// </summary>
    /// <exception cref="ArgumentException">An empty text.</exception>
    public string? Directory
    {
        get;
        set => field = Check.NotBlank(value, Group + nameof(Directory));
    }

    /// <summary>
    /// Steps after which a checkpoint is written, 1 or more. Null (default): only <see cref="Interval"/> decides. One is written at a cancellation
    /// and at the end in any case.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int? Steps
    {
        get;
        set => field = value is { } number ? Check.InRange(number, 1, int.MaxValue, Group + nameof(Steps)) : null;
    }

    /// <summary>Time after which a checkpoint is written at the next step, above zero. Default 10 minutes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero or less.</exception>
    public TimeSpan Interval
    {
        get;
        set => field = Check.AboveZero(value, Group + nameof(Interval));
    } = Defaults.Interval;

    /// <summary>Checkpoints of a running training that are kept, 1 or more; older ones are deleted. Default 3.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int Keep
    {
        get;
        set => field = Check.InRange(value, 1, int.MaxValue, Group + nameof(Keep));
    } = Defaults.Keep;

    /// <summary>
    /// Whether to go on from a checkpoint of other rows or other options, if the towers are of the same shape. False (default): that is an error, which
    /// names what differs. True: a warning names it, and the result is neither that of the one training nor that of the other.
    /// </summary>
    public bool AllowMismatch { get; set; }
}
