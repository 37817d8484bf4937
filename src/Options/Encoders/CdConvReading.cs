namespace Microsoft.ML.GentleClip;

/// <summary>How CDConv's pooling is read where its published code does something that its description does not.</summary>
public enum CdConvReading
{
    /// <summary>Pooling never leaves a chain: what a chain's features are depends only on that chain.</summary>
    Sound,

    /// <summary>
    /// As the published code: groups end only where half the sequence number changes along the batch, so a chain that has come down
    /// to one or two nodes melts into the next one, which keeps its number; its own features are zero. For comparisons only.
    /// </summary>
    PublicCode,
}
