using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;
using TorchSharp;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>The kinds of encoder that are ONNX files: what they share whatever the modality.</summary>
internal abstract class OnnxKind<TModality, TOptions> : EncoderKind<TModality, TOptions>
    where TModality : Modality where TOptions : class, IOnnxEncoderOptions
{
    /// <inheritdoc/>
    public override string Name => "ONNX file";

    /// <inheritdoc/>
    public override string? Preprocessing => "an ONNX file of its own makes the features";

    /// <summary>Features of a batch, row by row.</summary>
    protected abstract (float[] Features, int Rows) Encode(TModality modality, TOptions options, OnnxRunner runner, ModalityBatch batch);

    /// <summary>How the graph is run.</summary>
    protected static OnnxPlan PlanOf(Modality modality, TOptions options, int inputDimension) => OnnxPlans.Of(modality, options, inputDimension).Plan;

    /// <summary>The file's name for a saved model: none where the model holds the file.</summary>
    protected static string? SavedFile(TOptions options) => options.Embed ? null : options.ModelFile;

    /// <inheritdoc/>
    protected override (long Weights, int FeatureDimension) Measure(TModality modality, TOptions options, int inputDimension)
    {
        var plan = PlanOf(modality, options, inputDimension);
        return (OnnxEncoder.CountWeights(plan, options.Embed), plan.FeatureDimension);
    }

    /// <inheritdoc/>
    protected override Encoder Create(TModality modality, TOptions options, int inputDimension, torch.Generator generator) =>
        new OnnxEncoder(OnnxSource.Of(modality, options, inputDimension), (runner, batch) => Encode(modality, options, runner, batch));

    /// <inheritdoc/>
    protected override EncoderFiles Files(TOptions options) => options.Saved is null ? new(options.ModelFile) : default;

    /// <inheritdoc/>
    protected override string DescribePreprocessing(TModality modality, TOptions options) => "features of an ONNX file";

    /// <inheritdoc/>
    protected override string? AppendFeatures(OnnxGraph graph, TModality modality, TOptions options, string? vectors, string prefix) => null;

    /// <inheritdoc/>
    protected override Preparation CreatePreparation(TModality modality, TOptions options, int inputDimension) =>
        throw new NotSupportedException($"The encoder of column '{modality.InputColumnName}' is an ONNX file itself: no exported graph takes its inputs.");
}
