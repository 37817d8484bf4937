namespace Microsoft.ML.GentleClip;

/// <summary>
/// Settings of an encoder of protein structures: <see cref="CdConvOptions"/>, or your own, a <see cref="CustomProteinStructureEncoderOptions"/>.
/// </summary>
public abstract record ProteinStructureEncoderOptions : IEncoderOptions
{
    private protected ProteinStructureEncoderOptions()
    {
    }

    /// <summary>Checks what no setter can see alone.</summary>
    /// <param name="inputColumnName">The modality's input column, for messages.</param>
    /// <param name="sequenceColumnName">Its column of residue types, or null.</param>
    /// <exception cref="ArgumentException">Settings contradict each other, or the columns.</exception>
    internal virtual void Validate(string inputColumnName, string? sequenceColumnName)
    {
    }

    /// <summary>Checks what a training is not to be begun with, though a saved model may have it.</summary>
    /// <inheritdoc cref="Validate"/>
    internal virtual void ValidateTraining(string inputColumnName, string? sequenceColumnName)
    {
    }

    /// <summary>The settings with what was left to the modality decided.</summary>
    /// <param name="sequenceColumnName">Its column of residue types, or null.</param>
    internal virtual ProteinStructureEncoderOptions For(string? sequenceColumnName) => this;
}
