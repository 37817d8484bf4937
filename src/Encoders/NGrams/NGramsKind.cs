using System.Reflection;
using Microsoft.ML.GentleClip.OnnxWriter;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Hashed n-grams of text.</summary>
internal sealed class NGramsKind : EncoderKind<TextModality, TextNGramOptions>
{
    /// <inheritdoc/>
    public override string SavedName => "text";

    /// <inheritdoc/>
    public override Type DescriptionType => typeof(Description);

    /// <inheritdoc/>
    public override string Name => "hashed n-grams";

    /// <inheritdoc/>
    public override string? Preprocessing => "n-grams of texts are hashed";

    /// <inheritdoc/>
    protected override (long Weights, int FeatureDimension) Measure(TextModality modality, TextNGramOptions options, int inputDimension) =>
        TextNGramEncoder.Measure(options);

    /// <inheritdoc/>
    protected override Encoder Create(TextModality modality, TextNGramOptions options, int inputDimension, Generator generator) =>
        new TextNGramEncoder(options, generator);

    /// <inheritdoc/>
    protected override EncoderFiles Files(TextNGramOptions options) => default;

    /// <inheritdoc/>
    protected override TowerDescription Describe(TextModality modality, TextNGramOptions options, int inputDimension) =>
        new Description(modality.InputColumnName, modality.OutputColumnName, options);

    /// <inheritdoc/>
    protected override string DescribePreprocessing(TextModality modality, TextNGramOptions options) => FormattableString.Invariant(
        $"words, pairs of them, and n-grams of {options.MinimumLength} to {options.MaximumLength} characters, in {options.Buckets} buckets");

    /// <inheritdoc/>
    protected override string AppendFeatures(OnnxGraph graph, TextModality modality, TextNGramOptions options, string? vectors, string prefix)
    {
        var numbers = graph.Input(
            OnnxNames.NGrams, OnnxType.Int64, "buckets of a text's n-grams; any where there is none", OnnxNames.Batch, OnnxNames.NGramWidth);
        var counts = graph.Input(
            OnnxNames.NGramCounts, OnnxType.Single, "how often each occurs in the text; 0 where there is none", OnnxNames.Batch, OnnxNames.NGramWidth);
        return TextNGramNodes.Append(graph, numbers, counts, options.HiddenDimensions.Count, prefix);
    }

    /// <inheritdoc/>
    protected override Preparation CreatePreparation(TextModality modality, TextNGramOptions options, int inputDimension) => new NGramPreparation(options);

    private sealed record Description(string InputColumn, string OutputColumn, TextNGramOptions Encoder) : TowerDescription
    {
        /// <inheritdoc/>
        public override (Modality Modality, int InputDimension) Restore(IEnumerable<Assembly> registered) =>
            (Modality.Text(OutputColumn, InputColumn, Encoder), 0);
    }
}
