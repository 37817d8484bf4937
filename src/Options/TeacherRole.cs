namespace Microsoft.ML.GentleClip;

/// <summary>What the closed-form teacher does; see <see cref="TeacherOptions"/>.</summary>
public enum TeacherRole
{
    /// <summary>The embedding is the teacher's: no tower, no training loop, fitted in about a second.</summary>
    Alone,

    /// <summary>
    /// The embedding holds both: <c>[sqrt(w) teacher ; sqrt(1 - w) student]</c> with w = <see cref="TeacherOptions.Share"/>, so that its
    /// inner products are the weighted mean of both.
    /// </summary>
    SideBySide,

    /// <summary>
    /// The embedding is the trained towers' alone; the teacher shows them which unpaired samples belong together (<see cref="KlotObjective"/>).
    /// </summary>
    Guide,

    /// <summary>
    /// <see cref="Alone"/> where both modalities are feature vectors and nothing asks for towers, else <see cref="SideBySide"/>. What asks for them: pairs to
    /// validate on, which then choose the share; a model to continue from; and any setting that only towers have (steps, encoder, losses, batches,
    /// checkpoints, <see cref="TeacherOptions.Share"/>, <see cref="TeacherOptions.Dimension"/>). The log says which it was, and why.
    /// </summary>
    Chosen,
}
