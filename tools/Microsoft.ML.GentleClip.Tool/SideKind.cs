namespace Microsoft.ML.GentleClip.Tool;

/// <summary>What a side's file holds.</summary>
internal enum SideKind
{
    /// <summary>A table of numbers.</summary>
    Numbers,

    /// <summary>Amino-acid sequences.</summary>
    Sequences,

    /// <summary>Protein structures.</summary>
    Structures,
}
