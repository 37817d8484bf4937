namespace Microsoft.ML.GentleClip;

/// <summary>A modality of feature vectors; see <see cref="Modality.Vector"/>.</summary>
public sealed class VectorModality : Modality
{
    internal VectorModality(string outputColumnName, string inputColumnName, VectorEncoderOptionsBase encoder)
        : base(outputColumnName, inputColumnName) => Encoder = encoder;

    /// <summary>Settings of the encoder: <see cref="VectorEncoderOptions"/> or a <see cref="CustomVectorEncoderOptions"/>.</summary>
    public VectorEncoderOptionsBase Encoder { get; }

    /// <summary>Whether an encoder was asked for, be it the usual one.</summary>
    internal bool HasOwnEncoder { get; init; }

    internal override IEncoderOptions EncoderOptions => Encoder;
}
