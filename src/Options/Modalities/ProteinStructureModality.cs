namespace Microsoft.ML.GentleClip;

/// <summary>A modality of protein structures; see <see cref="Modality.ProteinStructure"/>.</summary>
public sealed class ProteinStructureModality : Modality
{
    internal ProteinStructureModality(string outputColumnName, string inputColumnName, string? sequenceColumnName, ProteinStructureEncoderOptions encoder)
        : base(outputColumnName, inputColumnName)
    {
        if (sequenceColumnName is not null)
            ArgumentException.ThrowIfNullOrWhiteSpace(sequenceColumnName);
        if (sequenceColumnName == inputColumnName)
            throw new ArgumentException($"Column '{inputColumnName}' cannot hold both coordinates and sequences; expected two different columns.",
                nameof(sequenceColumnName));
        SequenceColumnName = sequenceColumnName;
        Encoder = encoder.For(sequenceColumnName);
    }

    /// <summary>Column of the residues' types, one letter each; null where they are not read.</summary>
    public string? SequenceColumnName { get; }

    /// <summary>Settings of the encoder: <see cref="CdConvOptions"/> or a <see cref="CustomProteinStructureEncoderOptions"/>.</summary>
    public ProteinStructureEncoderOptions Encoder { get; }

    internal override IEncoderOptions EncoderOptions => Encoder;

    internal override IReadOnlyList<string> OtherInputColumnNames => SequenceColumnName is { } name ? [name] : [];

    internal override void ValidateTraining() => Encoder.ValidateTraining(InputColumnName, SequenceColumnName);

    internal override void Validate()
    {
        base.Validate();
        Encoder.Validate(InputColumnName, SequenceColumnName);
    }
}
