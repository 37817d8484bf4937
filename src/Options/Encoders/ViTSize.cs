using System.Collections.ObjectModel;
using System.Text.Json.Serialization;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>Patches, layers and widths of a vision transformer: one of two published sizes, or a custom one.</summary>
public sealed record ViTSize
{
    /// <summary>A size of your own.</summary>
    /// <param name="patchSize">Side of a patch in pixels, 2 to 128.</param>
    /// <param name="layers">Transformer layers, 1 to 256.</param>
    /// <param name="hiddenDimension">Width of a patch's representation, 4 to 65536, a multiple of <paramref name="attentionHeads"/>.</param>
    /// <param name="attentionHeads">Attention heads, 1 to 1024.</param>
    /// <param name="feedForwardDimension">Width within the feed-forward part, 4 to 262144.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    /// <exception cref="ArgumentException">The embedding's width is not a multiple of the heads.</exception>
    [JsonConstructor]
    public ViTSize(int patchSize, int layers, int hiddenDimension, int attentionHeads, int feedForwardDimension)
    {
        PatchSize = Check.InRange(patchSize, 2, 128, nameof(patchSize));
        Layers = Check.InRange(layers, 1, 256, nameof(layers));
        HiddenDimension = Check.InRange(hiddenDimension, 4, 65536, nameof(hiddenDimension));
        AttentionHeads = Check.InRange(attentionHeads, 1, 1024, nameof(attentionHeads));
        FeedForwardDimension = Check.InRange(feedForwardDimension, 4, 262144, nameof(feedForwardDimension));
        if (hiddenDimension % attentionHeads != 0)
            throw new ArgumentException($"{nameof(hiddenDimension)} must be a multiple of the {attentionHeads} attention heads, found {hiddenDimension}.",
                nameof(hiddenDimension));
    }

    /// <summary>A size of your own, whose feed-forward part is four times as wide as a patch's representation.</summary>
    /// <inheritdoc cref="ViTSize(int, int, int, int, int)"/>
    public ViTSize(int patchSize, int layers, int hiddenDimension, int attentionHeads)
        : this(patchSize, layers, hiddenDimension, attentionHeads, 4 * hiddenDimension)
    {
    }

    /// <summary>Patches of 16, 4 layers of 128, 4 heads, 0.9 million weights: not published; a start from random weights that trains on a CPU.</summary>
    public static ViTSize Small { get; } = new(16, 4, 128, 4);

    /// <summary>ViT-B/32: patches of 32, 12 layers of 768, 12 heads, 87.5 million weights.</summary>
    public static ViTSize B32 { get; } = new(32, 12, 768, 12);

    /// <summary>ViT-B/16: patches of 16, 12 layers of 768, 12 heads, 85.8 million weights.</summary>
    public static ViTSize B16 { get; } = new(16, 12, 768, 12);

    /// <summary>The published sizes by torchvision's names.</summary>
    public static IReadOnlyDictionary<string, ViTSize> Published { get; } = new ReadOnlyDictionary<string, ViTSize>(
        new OrderedDictionary<string, ViTSize>(StringComparer.Ordinal)
        {
            ["vit_b_32"] = B32,
            ["vit_b_16"] = B16,
        });

    /// <summary>Side of a patch in pixels.</summary>
    public int PatchSize { get; }

    /// <summary>Transformer layers.</summary>
    public int Layers { get; }

    /// <summary>Width of a patch's representation, and of the picture's features.</summary>
    [JsonPropertyName("embeddingDimension")] // the name in saved models
    public int HiddenDimension { get; }

    /// <summary>Attention heads.</summary>
    public int AttentionHeads { get; }

    /// <summary>Width within the feed-forward part.</summary>
    public int FeedForwardDimension { get; }

    /// <summary>The published size of a name such as <c>vit_b_16</c>.</summary>
    /// <param name="name">One of <see cref="Published"/>.</param>
    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public static ViTSize FromName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Published.TryGetValue(name, out var size)
            ? size
            : throw new ArgumentException($"There is no ViT size '{name}'; expected one of {string.Join(", ", Published.Keys)}.", nameof(name));
    }
}
