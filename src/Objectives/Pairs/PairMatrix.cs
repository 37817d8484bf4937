namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>Which rows of a batch are compared with which.</summary>
internal enum PairMatrix
{
    /// <summary>A's rows with themselves.</summary>
    A,

    /// <summary>B's rows with themselves.</summary>
    B,

    /// <summary>A's rows with B's.</summary>
    AB,

    /// <summary>A's rows with their second views.</summary>
    SecondViewsA,

    /// <summary>B's rows with their second views.</summary>
    SecondViewsB,
}
