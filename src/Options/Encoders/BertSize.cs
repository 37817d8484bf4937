using System.Collections.ObjectModel;
using System.Text.Json.Serialization;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>Layers, widths and heads of a BERT model: one of the published sizes, or a custom one.</summary>
public sealed record BertSize
{
    private const int FeedForwardFactor = 4;

    /// <summary>A size of your own: 512 positions, and feed-forward layers four times as wide as a token's representation, as in each published one.</summary>
    /// <inheritdoc cref="BertSize(int, int, int, int, int)"/>
    public BertSize(int layers, int hiddenDimension, int attentionHeads)
        : this(layers, hiddenDimension, attentionHeads, FeedForwardFactor * Check.InRange(hiddenDimension, 1, 65536, nameof(hiddenDimension)), 512)
    {
    }

    /// <summary>A size of your own.</summary>
    /// <param name="layers">Transformer layers, 1 to 256.</param>
    /// <param name="hiddenDimension">Width of a token's representation, 1 to 65536, a multiple of <paramref name="attentionHeads"/>.</param>
    /// <param name="attentionHeads">Attention heads, 1 to 1024.</param>
    /// <param name="feedForwardDimension">Width of the feed-forward layers, 1 to 262144.</param>
    /// <param name="maximumPositions">Tokens that a text may have at most, 2 to 65536.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    /// <exception cref="ArgumentException"><paramref name="hiddenDimension"/> is no multiple of <paramref name="attentionHeads"/>.</exception>
    [JsonConstructor]
    public BertSize(int layers, int hiddenDimension, int attentionHeads, int feedForwardDimension, int maximumPositions)
    {
        Layers = Check.InRange(layers, 1, 256, nameof(layers));
        HiddenDimension = Check.InRange(hiddenDimension, 1, 65536, nameof(hiddenDimension));
        AttentionHeads = Check.InRange(attentionHeads, 1, 1024, nameof(attentionHeads));
        FeedForwardDimension = Check.InRange(feedForwardDimension, 1, 1 << 18, nameof(feedForwardDimension));
        MaximumPositions = Check.InRange(maximumPositions, 2, 65536, nameof(maximumPositions));
        if (hiddenDimension % attentionHeads != 0)
            throw new ArgumentException(
                $"{nameof(hiddenDimension)} must be a multiple of the {attentionHeads} attention heads, found {hiddenDimension}.",
                nameof(hiddenDimension));
    }

    /// <summary>2 layers of 128, 2 heads: a start from random weights that trains on a CPU; published as bert_uncased_L-2_H-128_A-2.</summary>
    public static BertSize Tiny { get; } = new(2, 128, 2);

    /// <summary>4 layers of 256, 4 heads; published as bert_uncased_L-4_H-256_A-4.</summary>
    public static BertSize Mini { get; } = new(4, 256, 4);

    /// <summary>4 layers of 512, 8 heads; published as bert_uncased_L-4_H-512_A-8.</summary>
    public static BertSize Small { get; } = new(4, 512, 8);

    /// <summary>8 layers of 512, 8 heads; published as bert_uncased_L-8_H-512_A-8.</summary>
    public static BertSize Medium { get; } = new(8, 512, 8);

    /// <summary>12 layers of 768, 12 heads: bert-base.</summary>
    public static BertSize Base { get; } = new(12, 768, 12);

    /// <summary>24 layers of 1024, 16 heads: bert-large.</summary>
    public static BertSize Large { get; } = new(24, 1024, 16);

    /// <summary>The published sizes by the names of their checkpoints, cased and uncased ones alike.</summary>
    public static IReadOnlyDictionary<string, BertSize> Published { get; } =
        new ReadOnlyDictionary<string, BertSize>(new OrderedDictionary<string, BertSize>(StringComparer.Ordinal)
        {
            ["bert_uncased_L-2_H-128_A-2"] = Tiny,
            ["bert_uncased_L-4_H-256_A-4"] = Mini,
            ["bert_uncased_L-4_H-512_A-8"] = Small,
            ["bert_uncased_L-8_H-512_A-8"] = Medium,
            ["bert-base-uncased"] = Base,
            ["bert-base-cased"] = Base,
            ["bert-large-uncased"] = Large,
            ["bert-large-cased"] = Large,
        });

    /// <summary>Transformer layers.</summary>
    public int Layers { get; }

    /// <summary>Width of a token's representation, and of the text's features.</summary>
    [JsonPropertyName("embeddingDimension")] // the name in saved models
    public int HiddenDimension { get; }

    /// <summary>Attention heads.</summary>
    public int AttentionHeads { get; }

    /// <summary>Width of the feed-forward layers.</summary>
    public int FeedForwardDimension { get; }

    /// <summary>Tokens that a text may have at most.</summary>
    public int MaximumPositions { get; }

    /// <summary>The published size of a name such as <c>bert-base-uncased</c>.</summary>
    /// <param name="name">One of <see cref="Published"/>.</param>
    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public static BertSize FromName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Published.TryGetValue(name, out var size)
            ? size
            : throw new ArgumentException($"There is no BERT size '{name}'; expected one of {string.Join(", ", Published.Keys)}.", nameof(name));
    }
}
