using System.Reflection;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>Pictures through an ONNX file.</summary>
internal sealed class OnnxImageKind : OnnxKind<ImageModality, OnnxImageEncoderOptions>
{
    /// <inheritdoc/>
    public override string SavedName => Registration.Prefix + "image";

    /// <inheritdoc/>
    public override Type DescriptionType => typeof(Description);

    /// <inheritdoc/>
    protected override TowerDescription Describe(ImageModality modality, OnnxImageEncoderOptions options, int inputDimension) => new Description(
        modality.InputColumnName, modality.OutputColumnName, modality.Images, options with { ModelFile = SavedFile(options) },
        PlanOf(modality, options, inputDimension), modality.Images.ApplyOrientation);

    /// <inheritdoc/>
    protected override (float[] Features, int Rows) Encode(
        ImageModality modality, OnnxImageEncoderOptions options, OnnxRunner runner, ModalityBatch batch)
    {
        using var scope = NewDisposeScope();
        var plan = runner.Plan;
        var images = modality.Images with { Mean = plan.Mean!, StandardDeviation = plan.StandardDeviation! };
        var squares = ((ImageBatch)batch).Squares;
        long[] shape = plan.ChannelsLast ? [images.Size, images.Size, ImageResizer.Channels] : [ImageResizer.Channels, images.Size, images.Size];
        var features = ImageAugmentation.InParts(squares, images, ScalarType.Float32, part =>
        {
            var pictures = plan.BlueFirst ? part.flip(1) : part;
            var values = (plan.ChannelsLast ? pictures.permute(0, 2, 3, 1) : pictures).cpu().contiguous();
            return tensor(runner.Numbers(values.data<float>().ToArray(), (int)values.size(0), shape), [values.size(0), plan.FeatureDimension]);
        });
        return (features.data<float>().ToArray(), (int)squares.size(0));
    }

    private sealed record Description(string InputColumn, string OutputColumn, ImageOptions Images, OnnxImageEncoderOptions Encoder, OnnxPlan Plan,
        bool ApplyOrientation) : TowerDescription
    {
        /// <inheritdoc/>
        public override (Modality Modality, int InputDimension) Restore(IEnumerable<Assembly> registered) => Plan.Mean is not null
            ? (Modality.Image(OutputColumn, InputColumn, Images with { ApplyOrientation = ApplyOrientation }, Encoder with { Saved = Plan.Checked() }), 0)
            : throw Damaged($"the pictures of column '{InputColumn}' have no mean");
    }
}
