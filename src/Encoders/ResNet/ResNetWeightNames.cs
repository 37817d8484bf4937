using System.Text.RegularExpressions;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// Gives the weights of residual networks torchvision's names (<c>conv1.weight</c>, <c>layer1.0.bn1.running_mean</c>, ...): those, or a tower of a model saved
/// by this library.
/// </summary>
internal static class ResNetWeightNames
{
    private const string First = "conv1.weight";

    private static readonly NameMap Torchvision = new NameMap();

    private static readonly Regex BlockName = new(@"^layer([1-4])\.(\d{1,4})\.conv(\d)\.weight$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    /// <summary>How a residual network is found in a file: torchvision's and timm's names.</summary>
    public static WeightLayout Layout { get; } = new("ResNet", @"^(conv1|bn1|layer\d+)\.",
        new WeightForm(First, "layer1.0.conv1.weight", Torchvision));

    /// <summary>Moves the tensors to a dictionary with torchvision's names. Names that are none stay, for the loader to refuse.</summary>
    public static StateDict ToTorchvision(StateDict tensors, WeightRequest? request = null) =>
        TowerWeights.Resolve(tensors, Layout, First, request);

    /// <summary>Whether a name belongs to the classifier after the features, or to anything else beside them.</summary>
    public static bool IsHead(string name) => !Layout.IsBody(name);

    /// <summary>Blocks, width and kind in words; null where the weights are no residual network's.</summary>
    public static string? Describe(IReadOnlyDictionary<string, Tensor> weights)
    {
        var convolutions = weights.Keys.Select(name => BlockName.Match(name)).Where(match => match.Success).Select(match => match.Groups).ToArray();
        if (convolutions.Length == 0 || !weights.TryGetValue(First, out var first) || first.Dimensions != 4)
            return null;
        var blocks = Enumerable.Range(1, 4).Select(
            stage => convolutions.Where(groups => groups[1].Value[0] - '0' == stage).Select(groups => groups[2].Value).Distinct().Count());
        return $"{string.Join(", ", blocks)} {(convolutions.Any(groups => groups[3].Value == "3") ? "bottlenecks" : "blocks")} and width {first.size(0)}";
    }
}
