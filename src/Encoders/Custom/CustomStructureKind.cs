using System.Reflection;
using System.Text.Json;
using Microsoft.ML.GentleClip.Options;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A user's own encoders of protein structures.</summary>
internal sealed class CustomStructureKind : CustomKind<ProteinStructureModality, CustomProteinStructureEncoderOptions>
{
    /// <inheritdoc/>
    public override string SavedName => "customProteinStructure";

    /// <inheritdoc/>
    public override Type DescriptionType => typeof(Description);

    /// <inheritdoc/>
    protected override Encoder Create(
        ProteinStructureModality modality, CustomProteinStructureEncoderOptions options, int inputDimension, Generator generator) =>
        new CustomStructureEncoder(options, modality.InputColumnName, generator);

    /// <inheritdoc/>
    protected override EncoderFiles Files(CustomProteinStructureEncoderOptions options) => new(options.WeightsFile);

    /// <inheritdoc/>
    protected override TowerDescription Describe(
        ProteinStructureModality modality, CustomProteinStructureEncoderOptions options, int inputDimension) => new Description(
            modality.InputColumnName, modality.OutputColumnName, modality.SequenceColumnName, EncoderKey.Of(options),
            EncoderKey.ToJson(options with { WeightsFile = null }));

    private sealed record Description(string InputColumn, string OutputColumn, string? SequenceColumn, string Key, JsonElement Encoder) : TowerDescription
    {
        /// <inheritdoc/>
        public override (Modality Modality, int InputDimension) Restore(IEnumerable<Assembly> registered) => (
            Modality.ProteinStructure(
                OutputColumn, InputColumn, SequenceColumn, CustomStructureKind.Restore(Key, Encoder, registered) with { WeightsFile = null }),
            0);
    }
}
