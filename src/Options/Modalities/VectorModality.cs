namespace Microsoft.ML.GentleClip;

/// <summary>A modality of feature vectors; see <see cref="Modality.Vector(string, string, VectorEncoderOptions?)"/>.</summary>
public sealed class VectorModality : Modality
{
    internal VectorModality(string outputColumnName, string inputColumnName, VectorEncoderOptions encoder)
        : base(outputColumnName, inputColumnName) => Encoder = encoder;

    internal VectorModality(string outputColumnName, string inputColumnName, CustomVectorEncoderOptions encoder)
        : base(outputColumnName, inputColumnName) => (Encoder, CustomEncoder, HasOwnEncoder) = (new VectorEncoderOptions(), encoder, true);

    /// <summary>Settings of the multilayer perceptron; the defaults, and without meaning, where there is a <see cref="CustomEncoder"/>.</summary>
    public VectorEncoderOptions Encoder { get; }

    /// <summary>Settings of an encoder of the user's own, or null.</summary>
    public CustomVectorEncoderOptions? CustomEncoder { get; }

    /// <summary>Whether an encoder was asked for, be it the usual one.</summary>
    internal bool HasOwnEncoder { get; init; }

    internal override IEncoderOptions EncoderOptions => CustomEncoder as IEncoderOptions ?? Encoder;
}
