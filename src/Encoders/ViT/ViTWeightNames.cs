using System.Text.RegularExpressions;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// Gives the weights of vision transformers Hugging Face's names (<c>embeddings.cls_token</c>, <c>encoder.layer.0.attention.attention.query.weight</c>, ...),
/// whichever form they come in: those, with or without the prefix <c>vit.</c>; torchvision's, with the feed-forward part's old or new names; timm's, which
/// DeiT, DINO and MAE have as well; each behind any prefix; or a tower of a model saved by this library.
/// </summary>
internal static class ViTWeightNames
{
    private const string Patches = "embeddings.patch_embeddings.projection.weight", Positions = "embeddings.position_embeddings";
    private const string Packed = ".in_proj_", Fused = ".qkv.";

    private static readonly string[] Parts = ["query", "key", "value"];

    private static readonly NameMap HuggingFace = new NameMap().Strip("vit.").Ignore(@"^pooler\.").Ignore(@"^classifier\.")
        .Ignore(@"^embeddings\.mask_token$");

    private static readonly NameMap Torchvision = new NameMap()
        .Ignore(@"^heads\.")
        .Replace(@"^class_token$", "embeddings.cls_token")
        .Replace(@"^encoder\.pos_embedding$", Positions)
        .Replace(@"^conv_proj\.", "embeddings.patch_embeddings.projection.")
        .Replace(@"^encoder\.ln\.", "layernorm.")
        .Replace(@"^encoder\.layers\.encoder_layer_(\d+)\.", "encoder.layer.$1.")
        .Replace(@"^(encoder\.layer\.\d+\.)ln_1\.", "$1layernorm_before.")
        .Replace(@"^(encoder\.layer\.\d+\.)ln_2\.", "$1layernorm_after.")
        .Replace(@"^(encoder\.layer\.\d+\.)mlp\.(0|linear_1)\.", "$1intermediate.dense.")
        .Replace(@"^(encoder\.layer\.\d+\.)mlp\.(3|linear_2)\.", "$1output.dense.")
        .Replace(@"^(encoder\.layer\.\d+\.)self_attention\.out_proj\.", "$1attention.output.dense.")
        .Replace(@"^(encoder\.layer\.\d+\.)self_attention\.", "$1attention.attention.");

    private static readonly NameMap Timm = new NameMap()
        .Replace(@"^cls_token$", "embeddings.cls_token")
        .Replace(@"^pos_embed$", Positions)
        .Replace(@"^patch_embed\.proj\.", "embeddings.patch_embeddings.projection.")
        .Replace(@"^norm\.", "layernorm.")
        .Replace(@"^blocks\.(\d+)\.", "encoder.layer.$1.")
        .Replace(@"^(encoder\.layer\.\d+\.)norm1\.", "$1layernorm_before.")
        .Replace(@"^(encoder\.layer\.\d+\.)norm2\.", "$1layernorm_after.")
        .Replace(@"^(encoder\.layer\.\d+\.)mlp\.fc1\.", "$1intermediate.dense.")
        .Replace(@"^(encoder\.layer\.\d+\.)mlp\.fc2\.", "$1output.dense.")
        .Replace(@"^(encoder\.layer\.\d+\.)attn\.proj\.", "$1attention.output.dense.")
        .Replace(@"^(encoder\.layer\.\d+\.)attn\.qkv\.", "$1attention.attention.qkv.");

    /// <summary>How a vision transformer is found in a file.</summary>
    public static WeightLayout Layout { get; } = new("ViT", @"^(embeddings|encoder|layernorm)\.",
        new WeightForm(Patches, "encoder.layer.0.attention.attention.query.weight", HuggingFace, "vit."),
        new WeightForm("conv_proj.weight", "encoder.layers.encoder_layer_0.ln_1.weight", Torchvision),
        new WeightForm("patch_embed.proj.weight", "blocks.0.attn.qkv.weight", Timm));

    private static readonly Regex LayerName = new(@"^encoder\.layer\.(\d{1,9})\.", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    /// <summary>Moves the tensors to a dictionary with Hugging Face's names. Names that are none stay, for the loader to refuse.</summary>
    /// <exception cref="InvalidDataException">Two names mean the same, or the weights are in several places.</exception>
    public static StateDict ToHuggingFace(StateDict tensors, WeightRequest? request = null)
    {
        using var renamed = TowerWeights.Resolve(tensors, Layout, Patches, request);
        var (source, metadata) = (renamed.Source, renamed.Metadata);
        return new StateDict(source, renamed.Take().SelectMany(Unpack).ToArray(), metadata);
    }

    /// <summary>Patches, layers, widths and positions in words; null where the weights are no vision transformer's.</summary>
    public static string? Describe(IReadOnlyDictionary<string, Tensor> weights)
    {
        var layers = weights.Keys.Select(name => LayerName.Match(name)).Where(match => match.Success).Select(match => match.Groups[1].Value).Distinct().Count();
        if (layers == 0 || !weights.TryGetValue(Patches, out var patches) || patches.Dimensions != 4 || !weights.TryGetValue(Positions, out var positions)
            || positions.Dimensions != 3)
            return null;
        var side = Math.Round(Math.Sqrt(positions.size(1) - 1)) * patches.size(3);
        return $"{layers} layers of {patches.size(0)}, patches of {patches.size(3)} and pictures of {side} pixels";
    }

    // Queries, keys and values are one matrix in torchvision's and timm's files, in this order.
    private static IEnumerable<KeyValuePair<string, Tensor>> Unpack(KeyValuePair<string, Tensor> entry)
    {
        var (name, tensor) = entry;
        var packed = name.Contains(Fused, StringComparison.Ordinal) ? Fused : Packed;
        var at = name.IndexOf(packed, StringComparison.Ordinal);
        if (at < 0 || tensor.Dimensions == 0 || tensor.size(0) % Parts.Length != 0)
            return [entry];
        using (tensor)
        {
            var rows = tensor.size(0) / Parts.Length;
            return [.. Parts.Select(
                (part, i) => KeyValuePair.Create($"{name[..at]}.{part}.{name[(at + packed.Length)..]}", tensor.narrow(0, i * rows, rows).clone()))];
        }
    }
}
