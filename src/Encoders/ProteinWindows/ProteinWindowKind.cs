using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.ML.GentleClip.OnnxWriter;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Statistics of k-mers and windows over amino-acid sequences.</summary>
internal sealed class ProteinWindowKind : EncoderKind<ProteinSequenceModality, ProteinWindowOptions>
{
    /// <inheritdoc/>
    public override string SavedName => "proteinWindows";

    /// <inheritdoc/>
    public override Type DescriptionType => typeof(Description);

    /// <inheritdoc/>
    public override string Name => "protein windows";

    /// <inheritdoc/>
    public override string? Preprocessing => "k-mers and windows of sequences are counted";

    /// <inheritdoc/>
    protected override (long Weights, int FeatureDimension) Measure(ProteinSequenceModality modality, ProteinWindowOptions options, int inputDimension) =>
        ProteinWindowEncoder.Measure(options);

    /// <inheritdoc/>
    protected override Encoder Create(ProteinSequenceModality modality, ProteinWindowOptions options, int inputDimension, Generator generator) =>
        new ProteinWindowEncoder(options, generator);

    /// <inheritdoc/>
    protected override EncoderFiles Files(ProteinWindowOptions options) => default;

    /// <inheritdoc/>
    protected override TowerDescription Describe(ProteinSequenceModality modality, ProteinWindowOptions options, int inputDimension) =>
        new Description(modality.InputColumnName, modality.OutputColumnName, options);

    /// <inheritdoc/>
    protected override string DescribePreprocessing(ProteinSequenceModality modality, ProteinWindowOptions options) =>
        FormattableString.Invariant($"{ProteinProfile.Count} statistics of the sequence: residues, pairs of residue groups, periods and windows of properties");

    /// <inheritdoc/>
    protected override string AppendFeatures(OnnxGraph graph, ProteinSequenceModality modality, ProteinWindowOptions options, string? vectors, string prefix)
    {
        var profiles = graph.Input(
            OnnxNames.SequenceProfile, OnnxType.Single, "statistics of the sequence, see docs/encoders/protein-windows.md", OnnxNames.Batch,
            ProteinProfile.Count);
        return VectorNodes.Append(
            graph, profiles, options.HiddenDimensions.Count, prefix + "network.", VectorEncoder.KeepsInput(options.Network, options.KeepStatistics));
    }

    /// <inheritdoc/>
    protected override Preparation CreatePreparation(ProteinSequenceModality modality, ProteinWindowOptions options, int inputDimension) =>
        new ProteinWindowPreparation();

    /// <inheritdoc/>
    public override void Complete(JsonObject description)
    {
        // Models saved before there was the setting had only the layers.
        if (description["encoder"] is JsonObject encoder)
            encoder.TryAdd("keepStatistics", false);
    }

    private sealed record Description(string InputColumn, string OutputColumn, ProteinWindowOptions Encoder) : TowerDescription
    {
        /// <inheritdoc/>
        public override (Modality Modality, int InputDimension) Restore(IEnumerable<Assembly> registered) =>
            (Modality.ProteinSequence(OutputColumn, InputColumn, Encoder), 0);
    }
}
