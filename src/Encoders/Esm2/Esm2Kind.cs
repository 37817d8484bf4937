using System.Reflection;
using Microsoft.ML.GentleClip.OnnxWriter;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>ESM-2 over amino-acid sequences.</summary>
internal sealed class Esm2Kind : EncoderKind<ProteinSequenceModality, Esm2Options>
{
    /// <inheritdoc/>
    public override bool IsUsuallyPublished => true;

    /// <inheritdoc/>
    public override string SavedName => "proteinSequence";

    /// <inheritdoc/>
    public override Type DescriptionType => typeof(Description);

    /// <inheritdoc/>
    public override string Name => "ESM-2";

    /// <inheritdoc/>
    public override string? Preprocessing => "sequences are tokenised";

    /// <inheritdoc/>
    protected override (long Weights, int FeatureDimension) Measure(ProteinSequenceModality modality, Esm2Options options, int inputDimension) =>
        Esm2Encoder.Measure(options);

    /// <inheritdoc/>
    protected override Encoder Create(ProteinSequenceModality modality, Esm2Options options, int inputDimension, Generator generator) =>
        new Esm2Encoder(options, generator);

    /// <inheritdoc/>
    protected override EncoderFiles Files(Esm2Options options) => new(options.WeightsFile);

    /// <inheritdoc/>
    protected override TowerDescription Describe(ProteinSequenceModality modality, Esm2Options options, int inputDimension) =>
        new Description(modality.InputColumnName, modality.OutputColumnName, options with { Size = options.Size, WeightsFile = null, WeightsKey = null });

    /// <inheritdoc/>
    protected override string DescribePreprocessing(ProteinSequenceModality modality, Esm2Options options) =>
        FormattableString.Invariant($"tokens of ESM-2's alphabet, at most the first {options.MaximumLength} residues");

    /// <inheritdoc/>
    protected override string AppendFeatures(OnnxGraph graph, ProteinSequenceModality modality, Esm2Options options, string? vectors, string prefix)
    {
        var (tokens, mask) = TokenInputs.Declare(graph, "tokens of ESM-2's alphabet: beginning 0, residues, end 2; padding 1");
        return Esm2Nodes.Append(graph, tokens, mask, options, prefix);
    }

    /// <inheritdoc/>
    protected override Preparation CreatePreparation(ProteinSequenceModality modality, Esm2Options options, int inputDimension) =>
        new SequencePreparation(options.MaximumLength);

    private sealed record Description(string InputColumn, string OutputColumn, Esm2Options Encoder) : TowerDescription
    {
        /// <inheritdoc/>
        public override (Modality Modality, int InputDimension) Restore(IEnumerable<Assembly> registered) =>
            (Modality.ProteinSequence(OutputColumn, InputColumn, Encoder with { WeightsFile = null }), 0);
    }
}
