namespace Microsoft.ML.GentleClip;

/// <summary>A modality of amino-acid sequences; see <see cref="Modality.ProteinSequence"/>.</summary>
public sealed class ProteinSequenceModality : Modality
{
    internal ProteinSequenceModality(string inputColumnName, string outputColumnName, Esm2Options encoder)
        : base(inputColumnName, outputColumnName) => Encoder = encoder;

    /// <summary>Settings of ESM-2.</summary>
    public Esm2Options Encoder { get; }

    internal override void Validate() => Encoder.Validate();

    internal override void CheckFiles()
    {
        if (Encoder.WeightsFile is { } file && !File.Exists(file))
            throw new FileNotFoundException($"The weights file of column '{InputColumnName}' does not exist: {file}.", file);
    }
}
