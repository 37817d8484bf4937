using System.Globalization;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A network over pictures that are prepared as <see cref="ImageOptions"/> say.</summary>
internal abstract class ImageNetworkKind<TOptions> : EncoderKind<ImageModality, TOptions> where TOptions : ImageEncoderOptions
{
    /// <inheritdoc/>
    public sealed override bool IsUsuallyPublished => true;

    /// <inheritdoc/>
    public override string? Preprocessing => "pictures are scaled";

    /// <summary>Builds the network with fresh weights.</summary>
    protected abstract ImageNetwork CreateNetwork(TOptions options, int imageSize, Generator generator);

    /// <summary>Features of normalised pictures <c>[batch, 3, side, side]</c>.</summary>
    protected abstract string AppendFeatures(OnnxGraph graph, string pictures, TOptions options, string prefix);

    /// <inheritdoc/>
    protected sealed override Encoder Create(ImageModality modality, TOptions options, int inputDimension, Generator generator)
    {
        modality.Validate();
        return new ImageEncoder(modality.Images, options.WeightsFile, options.WeightsKey, CreateNetwork(options, modality.Images.Size, generator));
    }

    /// <inheritdoc/>
    protected sealed override EncoderFiles Files(TOptions options) => new(options.WeightsFile);

    /// <inheritdoc/>
    protected sealed override string DescribePreprocessing(ImageModality modality, TOptions options)
    {
        var images = modality.Images;
        return FormattableString.Invariant($"{(images.Fit == ImageFit.Crop ? "shorter side" : "both sides")} scaled to {images.Stored} pixels, ")
            + FormattableString.Invariant($"middle {images.Size} x {images.Size}, ")
            + $"of values 0 to 1 mean {List(images.Mean)} subtracted, divided by {List(images.StandardDeviation)}";

        static string List(IReadOnlyList<double> numbers) => string.Join(", ", numbers.Select(number => number.ToString(CultureInfo.InvariantCulture)));
    }

    /// <inheritdoc/>
    protected sealed override string AppendFeatures(OnnxGraph graph, ImageModality modality, TOptions options, string? vectors, string prefix)
    {
        long side = modality.Images.Size;
        var pictures = graph.Input(
            OnnxNames.Pictures, OnnxType.Single, "red, green and blue, normalised", OnnxNames.Batch, ImageResizer.Channels, side, side);
        return AppendFeatures(graph, pictures, options, prefix);
    }

    /// <inheritdoc/>
    protected sealed override Preparation CreatePreparation(ImageModality modality, TOptions options, int inputDimension) =>
        new PicturePreparation(modality.Images);
}
