namespace Microsoft.ML.GentleClip;

/// <summary>What SDD divides squared distances by.</summary>
public enum SddVariance
{
    /// <summary>The variance of the set whose density is estimated (equation 5).</summary>
    Own,

    /// <summary>The mean of both sets' variances; bounded when one set collapses.</summary>
    Pooled,

    /// <summary>Nothing: absolute distances.</summary>
    None,
}
