using System.Reflection;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxEncoders.Tokens;
using TorchSharp;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>Text through an ONNX file.</summary>
internal sealed class OnnxTextKind : OnnxKind<TextModality, OnnxTextEncoderOptions>
{
    /// <inheritdoc/>
    public override string SavedName => Registration.Prefix + "text";

    /// <inheritdoc/>
    public override Type DescriptionType => typeof(Description);

    /// <inheritdoc/>
    protected override Encoder Create(TextModality modality, OnnxTextEncoderOptions options, int inputDimension, torch.Generator generator)
    {
        var source = OnnxSource.Of(modality, options, inputDimension);
        var tokens = TokensOf(source.Plan, options); // once, as it builds tables
        return new OnnxEncoder(source, (runner, batch) => Encode(tokens, runner, batch));
    }

    /// <inheritdoc/>
    protected override TowerDescription Describe(TextModality modality, OnnxTextEncoderOptions options, int inputDimension) => new Description(
        modality.InputColumnName, modality.OutputColumnName, options with { ModelFile = SavedFile(options), TokenizerFile = null },
        PlanOf(modality, options, inputDimension));

    /// <inheritdoc/>
    protected override (float[] Features, int Rows) Encode(TextModality modality, OnnxTextEncoderOptions options, OnnxRunner runner, ModalityBatch batch) =>
        Encode(TokensOf(runner.Plan, options), runner, batch);

    private static (float[] Features, int Rows) Encode(TextTokens tokens, OnnxRunner runner, ModalityBatch batch)
    {
        var texts = ((TextBatch)batch).Texts;
        return (runner.Tokens(TextRows.Of(tokens, texts)), texts.Count);
    }

    private static TextTokens TokensOf(OnnxPlan plan, OnnxTextEncoderOptions options) =>
        plan.Tokenizer!.Create(Math.Min(options.MaximumLength, plan.FixedLength ?? int.MaxValue));

    private sealed record Description(string InputColumn, string OutputColumn, OnnxTextEncoderOptions Encoder, OnnxPlan Plan) : TowerDescription
    {
        /// <inheritdoc/>
        public override (Modality Modality, int InputDimension) Restore(IEnumerable<Assembly> registered) => Plan.Tokenizer is not null
            ? (Modality.Text(OutputColumn, InputColumn, Encoder with { Saved = Plan.Checked() }), 0)
            : throw Damaged($"the text of column '{InputColumn}' has no tokens");
    }
}
