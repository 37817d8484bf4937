using Microsoft.ML.GentleClip.OnnxWriter;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>The vision transformer over pictures.</summary>
internal sealed class ViTKind : ImageNetworkKind<ViTOptions>
{
    /// <inheritdoc/>
    public override string SavedName => ImageTowerDescription.SavedName;

    /// <inheritdoc/>
    public override Type DescriptionType => typeof(ImageTowerDescription);

    /// <inheritdoc/>
    public override string Name => "ViT";

    /// <inheritdoc/>
    protected override (long Weights, int FeatureDimension) Measure(ImageModality modality, ViTOptions options, int inputDimension) =>
        (ViTModule.CountWeights(options.Size, modality.Images.Size), options.Size.HiddenDimension);

    /// <inheritdoc/>
    protected override ImageNetwork CreateNetwork(ViTOptions options, int imageSize, Generator generator) => new ViTModule(options, imageSize, generator);

    /// <inheritdoc/>
    protected override TowerDescription Describe(ImageModality modality, ViTOptions options, int inputDimension) => new ImageTowerDescription(
        modality.InputColumnName, modality.OutputColumnName, modality.Images,
        Vit: options with { Size = options.Size, WeightsFile = null, WeightsKey = null },
        ApplyOrientation: modality.Images.ApplyOrientation);

    /// <inheritdoc/>
    protected override string AppendFeatures(OnnxGraph graph, string pictures, ViTOptions options, string prefix) =>
        ViTNodes.Append(graph, pictures, options, prefix);
}
