using System.Reflection;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>BERT over the WordPiece tokens of text.</summary>
internal sealed class BertKind : EncoderKind<TextModality, BertEncoderOptions>
{
    /// <inheritdoc/>
    public override bool IsUsuallyPublished => true;

    /// <inheritdoc/>
    public override string SavedName => "textBert";

    /// <inheritdoc/>
    public override Type DescriptionType => typeof(Description);

    /// <inheritdoc/>
    public override string Name => "BERT";

    /// <inheritdoc/>
    public override string? Preprocessing => "texts are tokenised";

    /// <inheritdoc/>
    protected override (long Weights, int FeatureDimension) Measure(TextModality modality, BertEncoderOptions options, int inputDimension) =>
        BertEncoder.Measure(options);

    /// <inheritdoc/>
    protected override Encoder Create(TextModality modality, BertEncoderOptions options, int inputDimension, Generator generator) =>
        new BertEncoder(options, generator);

    /// <inheritdoc/>
    protected override EncoderFiles Files(BertEncoderOptions options) => new(options.WeightsFile, options.VocabularyFile, options.Vocabulary);

    /// <inheritdoc/>
    protected override TowerDescription Describe(TextModality modality, BertEncoderOptions options, int inputDimension) => new Description(
        modality.InputColumnName, modality.OutputColumnName,
        options with { Size = options.Size, WeightsFile = null, WeightsKey = null, VocabularyFile = null });

    /// <inheritdoc/>
    protected override string DescribePreprocessing(TextModality modality, BertEncoderOptions options) => FormattableString.Invariant(
        $"WordPiece, {(options.LowerCase ? "uncased" : "cased")}, {options.Vocabulary?.Count} tokens, at most {options.MaximumLength} of them a text");

    /// <inheritdoc/>
    protected override string AppendFeatures(OnnxGraph graph, TextModality modality, BertEncoderOptions options, string? vectors, string prefix)
    {
        var (tokens, mask) = TokenInputs.Declare(graph, "WordPiece tokens: [CLS], the text's, [SEP]; padding [PAD]");
        return BertNodes.Append(graph, tokens, mask, options, prefix);
    }

    /// <inheritdoc/>
    protected override Preparation CreatePreparation(TextModality modality, BertEncoderOptions options, int inputDimension) =>
        new TextPreparation(new TextTokenizer(options));

    private sealed record Description(string InputColumn, string OutputColumn, BertEncoderOptions Encoder) : TowerDescription
    {
        /// <inheritdoc/>
        public override (Modality Modality, int InputDimension) Restore(IEnumerable<Assembly> registered) => Encoder.Vocabulary is not null
            ? (Modality.Text(OutputColumn, InputColumn, Encoder with { WeightsFile = null, VocabularyFile = null }), 0)
            : throw Damaged($"the text of column '{InputColumn}' has no vocabulary");
    }
}
