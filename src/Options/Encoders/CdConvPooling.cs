using System.Text.Json.Serialization;

namespace Microsoft.ML.GentleClip;

/// <summary>How CDConv pools short chains, where its published code does something that its description does not.</summary>
public enum CdConvPooling
{
    /// <summary>Pooling never leaves a chain: what a chain's features are depends only on that chain.</summary>
    [JsonStringEnumMemberName("Sound")] // the name in saved models
    WithinChains,

    /// <summary>
    /// As the published code: groups end only where half the sequence number changes along the batch, so a chain that has come down
    /// to one or two nodes melts into the next one, which keeps its number; its own features are zero. For comparisons only.
    /// </summary>
    [JsonStringEnumMemberName("PublicCode")] // the name in saved models
    AsPublished,
}
