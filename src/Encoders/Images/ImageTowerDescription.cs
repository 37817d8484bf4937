using System.Reflection;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// A tower of pictures with one of the library's first two networks, which share a name in saved models; later ones have records of their own.
/// </summary>
/// <param name="InputColumn">Column of the pictures.</param>
/// <param name="OutputColumn">Column of the embedding.</param>
/// <param name="Images">How the pictures are prepared.</param>
/// <param name="ResNet">Settings of a residual network, or null.</param>
/// <param name="Vit">Settings of a vision transformer, or null.</param>
/// <param name="ApplyOrientation">
/// Stands beside the other settings of pictures: descriptions of format 1.1 lack it, and mean that pictures are not turned.
/// </param>
internal sealed record ImageTowerDescription(
    string InputColumn, string OutputColumn, ImageOptions Images, ResNetOptions? ResNet = null, ViTOptions? Vit = null, bool ApplyOrientation = false)
    : TowerDescription
{
    /// <summary>Of the kinds that are described so.</summary>
    public const string SavedName = "image";

    /// <inheritdoc/>
    public override (Modality Modality, int InputDimension) Restore(IEnumerable<Assembly> registered)
    {
        if ((ResNet is null) == (Vit is null))
            throw Damaged($"column '{InputColumn}' expected one network, found {(ResNet is null ? "none" : "two")}");
        ImageEncoderOptions network = ResNet is null ? Vit! with { WeightsFile = null } : ResNet with { WeightsFile = null };
        return (Modality.Image(OutputColumn, InputColumn, Images with { ApplyOrientation = ApplyOrientation }, network), 0);
    }
}
