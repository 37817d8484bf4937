using System.Reflection;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>Feature vectors through an ONNX file.</summary>
internal sealed class OnnxVectorKind : OnnxKind<VectorModality, OnnxVectorEncoderOptions>
{
    /// <inheritdoc/>
    public override string SavedName => Registration.Prefix + "vector";

    /// <inheritdoc/>
    public override Type DescriptionType => typeof(Description);

    /// <inheritdoc/>
    protected override TowerDescription Describe(VectorModality modality, OnnxVectorEncoderOptions options, int inputDimension) => new Description(
        modality.InputColumnName, modality.OutputColumnName, inputDimension, options with { ModelFile = SavedFile(options) },
        PlanOf(modality, options, inputDimension));

    /// <inheritdoc/>
    protected override (float[] Features, int Rows) Encode(
        VectorModality modality, OnnxVectorEncoderOptions options, OnnxRunner runner, ModalityBatch batch)
    {
        using var scope = NewDisposeScope();
        var vectors = batch.Vectors.cpu().contiguous();
        return (runner.Numbers(vectors.data<float>().ToArray(), (int)vectors.size(0), [vectors.size(1)]), (int)vectors.size(0));
    }

    private sealed record Description(string InputColumn, string OutputColumn, int InputDimension, OnnxVectorEncoderOptions Encoder, OnnxPlan Plan)
        : TowerDescription
    {
        /// <inheritdoc/>
        public override (Modality Modality, int InputDimension) Restore(IEnumerable<Assembly> registered) => InputDimension >= 1
            ? (Modality.Vector(OutputColumn, InputColumn, Encoder with { Saved = Plan.Checked() }), InputDimension)
            : throw Damaged($"input dimension of column '{InputColumn}' expected 1 or more, found {InputDimension}");
    }
}
