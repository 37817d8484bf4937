using System.Text.Json.Serialization;

namespace Microsoft.ML.GentleClip;

/// <summary>What SDD divides squared distances by.</summary>
public enum SddVariance
{
    /// <summary>The variance of the set whose density is estimated (equation 5).</summary>
    [JsonStringEnumMemberName("Own")] // the name in checkpoints
    PerSet,

    /// <summary>The mean of both sets' variances; bounded when one set collapses.</summary>
    Pooled,

    /// <summary>Nothing: absolute distances.</summary>
    None,
}
