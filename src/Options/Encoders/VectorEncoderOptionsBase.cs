namespace Microsoft.ML.GentleClip;

/// <summary>Settings of an encoder of feature vectors: <see cref="VectorEncoderOptions"/>, or your own, a <see cref="CustomVectorEncoderOptions"/>.</summary>
public abstract record VectorEncoderOptionsBase : IEncoderOptions
{
    private protected VectorEncoderOptionsBase()
    {
    }

    /// <summary>
    /// Whether each feature is standardised, before the network sees it, by the mean and standard deviation over all rows of the modality given to <c>Fit</c>,
    /// paired, unpaired and held out for validation (a constant feature is only centred). Default true.
    /// </summary>
    public bool Standardize { get; init; } = true;
}
