namespace Microsoft.ML.GentleClip;

/// <summary>Whether an optional part of the closed form takes part.</summary>
public enum ClosedFormPart
{
    /// <summary>When cross-validation on the matched pairs says that it helps.</summary>
    Gated,

    /// <summary>Never.</summary>
    Off,

    /// <summary>Always, where the data allow it.</summary>
    On,
}
