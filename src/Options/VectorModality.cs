namespace Microsoft.ML.GentleClip;

/// <summary>A modality of feature vectors; see <see cref="Modality.Vector"/>.</summary>
public sealed class VectorModality : Modality
{
    internal VectorModality(string inputColumnName, string outputColumnName, VectorEncoderOptions encoder)
        : base(inputColumnName, outputColumnName) => Encoder = encoder;

    /// <summary>Settings of the multilayer perceptron.</summary>
    public VectorEncoderOptions Encoder { get; }
}
