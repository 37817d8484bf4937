namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>Whether an optional part of the closed-form alignment takes part.</summary>
internal enum PartUse
{
    /// <summary>Never.</summary>
    Off,

    /// <summary>When cross-validation on the pairs says that it helps.</summary>
    Gated,

    /// <summary>Always, where the data allow it.</summary>
    On,
}
