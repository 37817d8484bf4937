namespace Microsoft.ML.GentleClip;

/// <summary>Whether an optional part of the closed-form teacher takes part.</summary>
public enum TeacherPart
{
    /// <summary>Never.</summary>
    Off,

    /// <summary>When cross-validation on the matched pairs says that it helps.</summary>
    Gated,

    /// <summary>Always, where the data allow it.</summary>
    On,
}
