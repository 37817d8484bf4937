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

    /// <summary>The embedding is the trained towers' alone; the teacher shows them which unpaired samples belong together (<see cref="ObjectiveOptions.KlotWeight"/>).</summary>
    Guide,
}
