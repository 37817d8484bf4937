namespace Microsoft.ML.GentleClip;

/// <summary>Settings of an encoder, the library's or a user's own.</summary>
internal interface IEncoderOptions
{
    /// <summary>Whether no weight is trained.</summary>
    bool HasFrozenWeights => false;
}
