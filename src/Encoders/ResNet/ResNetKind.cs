using Microsoft.ML.GentleClip.OnnxWriter;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>The residual network over pictures.</summary>
internal sealed class ResNetKind : ImageNetworkKind<ResNetOptions>
{
    /// <inheritdoc/>
    public override string SavedName => ImageTowerDescription.SavedName;

    /// <inheritdoc/>
    public override Type DescriptionType => typeof(ImageTowerDescription);

    /// <inheritdoc/>
    public override string Name => "ResNet";

    /// <inheritdoc/>
    protected override (long Weights, int FeatureDimension) Measure(ImageModality modality, ResNetOptions options, int inputDimension) =>
        (ResNetModule.CountWeights(options.Size), options.Size.FeatureDimension);

    /// <inheritdoc/>
    protected override ImageNetwork CreateNetwork(ResNetOptions options, int imageSize, Generator generator) => new ResNetModule(options, generator);

    /// <inheritdoc/>
    protected override TowerDescription Describe(ImageModality modality, ResNetOptions options, int inputDimension) => new ImageTowerDescription(
        modality.InputColumnName, modality.OutputColumnName, modality.Images,
        ResNet: options with { Size = options.Size, WeightsFile = null, WeightsKey = null },
        ApplyOrientation: modality.Images.ApplyOrientation);

    /// <inheritdoc/>
    protected override string AppendFeatures(OnnxGraph graph, string pictures, ResNetOptions options, string prefix) =>
        ResNetNodes.Append(graph, pictures, options.Size, prefix);
}
