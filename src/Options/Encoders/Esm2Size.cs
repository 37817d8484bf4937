using System.Collections.ObjectModel;
using System.Text.Json.Serialization;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Layers, width and heads of an ESM-2 model: one of the six published sizes, or a custom one. The feed-forward layers are four times
/// as wide as the embedding, as in every published model.
/// </summary>
public sealed record Esm2Size
{
    /// <summary>A size of your own.</summary>
    /// <param name="layers">Transformer layers, 1 to 256.</param>
    /// <param name="hiddenDimension">Width of a residue's representation, 2 to 65536, an even multiple of <paramref name="attentionHeads"/>.</param>
    /// <param name="attentionHeads">Attention heads, 1 to 1024.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    /// <exception cref="ArgumentException">
    /// The width of a head, <paramref name="hiddenDimension"/> / <paramref name="attentionHeads"/>, is not a whole, even number.
    /// </exception>
    public Esm2Size(int layers, int hiddenDimension, int attentionHeads)
    {
        Layers = Check.InRange(layers, 1, 256, nameof(layers));
        HiddenDimension = Check.InRange(hiddenDimension, 2, 65536, nameof(hiddenDimension));
        AttentionHeads = Check.InRange(attentionHeads, 1, 1024, nameof(attentionHeads));
        if (hiddenDimension % (2 * attentionHeads) != 0) // rotary attention turns pairs of a head's coordinates
            throw new ArgumentException(
                $"{nameof(hiddenDimension)} must be a multiple of twice the {attentionHeads} attention heads, found {hiddenDimension}.",
                nameof(hiddenDimension));
    }

    /// <summary>4 layers of 128, 4 heads, 0.8 million weights: not published; a start from random weights that trains on a CPU.</summary>
    public static Esm2Size Small { get; } = new(4, 128, 4);

    /// <summary>esm2_t6_8M_UR50D: 6 layers of 320, 20 heads, 7.5 million weights.</summary>
    public static Esm2Size T6_8M { get; } = new(6, 320, 20);

    /// <summary>esm2_t12_35M_UR50D: 12 layers of 480, 20 heads, 33.5 million weights.</summary>
    public static Esm2Size T12_35M { get; } = new(12, 480, 20);

    /// <summary>esm2_t30_150M_UR50D: 30 layers of 640, 20 heads, 148 million weights.</summary>
    public static Esm2Size T30_150M { get; } = new(30, 640, 20);

    /// <summary>esm2_t33_650M_UR50D: 33 layers of 1280, 20 heads, 651 million weights.</summary>
    public static Esm2Size T33_650M { get; } = new(33, 1280, 20);

    /// <summary>esm2_t36_3B_UR50D: 36 layers of 2560, 40 heads, 2.84 billion weights.</summary>
    public static Esm2Size T36_3B { get; } = new(36, 2560, 40);

    /// <summary>esm2_t48_15B_UR50D: 48 layers of 5120, 40 heads, 15.1 billion weights.</summary>
    public static Esm2Size T48_15B { get; } = new(48, 5120, 40);

    /// <summary>The published sizes by their names, smallest first.</summary>
    public static IReadOnlyDictionary<string, Esm2Size> Published { get; } = new ReadOnlyDictionary<string, Esm2Size>(
        new OrderedDictionary<string, Esm2Size>(StringComparer.Ordinal)
        {
            ["esm2_t6_8M_UR50D"] = T6_8M,
            ["esm2_t12_35M_UR50D"] = T12_35M,
            ["esm2_t30_150M_UR50D"] = T30_150M,
            ["esm2_t33_650M_UR50D"] = T33_650M,
            ["esm2_t36_3B_UR50D"] = T36_3B,
            ["esm2_t48_15B_UR50D"] = T48_15B,
        });

    /// <summary>Transformer layers.</summary>
    public int Layers { get; }

    /// <summary>Width of a residue's representation, and of the sequence's features.</summary>
    [JsonPropertyName("embeddingDimension")] // the name in saved models
    public int HiddenDimension { get; }

    /// <summary>Attention heads.</summary>
    public int AttentionHeads { get; }

    /// <summary>The published size of a name such as <c>esm2_t6_8M_UR50D</c>.</summary>
    /// <param name="name">One of <see cref="Published"/>.</param>
    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public static Esm2Size FromName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Published.TryGetValue(name, out var size)
            ? size
            : throw new ArgumentException($"There is no ESM-2 size '{name}'; expected one of {string.Join(", ", Published.Keys)}.", nameof(name));
    }
}
