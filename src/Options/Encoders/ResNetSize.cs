using System.Collections.ObjectModel;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>Blocks and width of a residual network: one of the published sizes, or a custom one.</summary>
public sealed record ResNetSize
{
    /// <summary>Number of stages of every size.</summary>
    public const int StageCount = 4;

    /// <summary>A size of your own.</summary>
    /// <param name="blocks">Blocks of each of the four stages, 1 to 64.</param>
    /// <param name="width">Channels of the first stage, 4 to 512; each further stage has twice as many.</param>
    /// <param name="bottleneck">
    /// Whether blocks are bottlenecks of three convolutions, whose output has four times the channels, instead of two convolutions.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    /// <exception cref="ArgumentException">There are not four stages.</exception>
    public ResNetSize(IReadOnlyList<int> blocks, int width, bool bottleneck)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        if (blocks.Count != StageCount)
            throw new ArgumentException($"{nameof(blocks)} must be of {StageCount} stages, found {blocks.Count}.", nameof(blocks));
        Blocks = Array.AsReadOnly([.. blocks.Select(count => Check.InRange(count, 1, 64, nameof(blocks)))]);
        Width = Check.InRange(width, 4, 512, nameof(width));
        Bottleneck = bottleneck;
    }

    /// <summary>One block per stage, 16 channels, 0.3 million weights: not published; a start from random weights that trains on a CPU.</summary>
    public static ResNetSize Small { get; } = new([1, 1, 1, 1], 16, bottleneck: false);

    /// <summary>ResNet-18: 11.2 million weights, features of 512.</summary>
    public static ResNetSize ResNet18 { get; } = new([2, 2, 2, 2], 64, bottleneck: false);

    /// <summary>ResNet-34: 21.3 million weights, features of 512.</summary>
    public static ResNetSize ResNet34 { get; } = new([3, 4, 6, 3], 64, bottleneck: false);

    /// <summary>ResNet-50 with its stride in the 3x3 convolution, as torchvision's: 23.5 million weights, features of 2048.</summary>
    public static ResNetSize ResNet50 { get; } = new([3, 4, 6, 3], 64, bottleneck: true);

    /// <summary>The published sizes by torchvision's names, smallest first.</summary>
    public static IReadOnlyDictionary<string, ResNetSize> Published { get; } = new ReadOnlyDictionary<string, ResNetSize>(
        new OrderedDictionary<string, ResNetSize>(StringComparer.Ordinal)
        {
            ["resnet18"] = ResNet18,
            ["resnet34"] = ResNet34,
            ["resnet50"] = ResNet50,
        });

    /// <summary>Blocks of each stage.</summary>
    public IReadOnlyList<int> Blocks { get; }

    /// <summary>Channels of the first stage.</summary>
    public int Width { get; }

    /// <summary>Whether blocks are bottlenecks of three convolutions.</summary>
    public bool Bottleneck { get; }

    /// <summary>Number of features: the channels after the last stage.</summary>
    public int FeatureDimension => (Width << (StageCount - 1)) * Expansion;

    /// <summary>Channels of a block's output for each of its inner ones.</summary>
    internal int Expansion => Bottleneck ? 4 : 1;

    /// <summary>The published size of a name such as <c>resnet50</c>.</summary>
    /// <param name="name">One of <see cref="Published"/>.</param>
    /// <exception cref="ArgumentException">There is none of this name.</exception>
    public static ResNetSize FromName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Published.TryGetValue(name, out var size)
            ? size
            : throw new ArgumentException($"There is no ResNet size '{name}'; expected one of {string.Join(", ", Published.Keys)}.", nameof(name));
    }

    /// <summary>Value equality of blocks, width and kind.</summary>
    /// <param name="other">The other size.</param>
    public bool Equals(ResNetSize? other) => other is not null && Width == other.Width && Bottleneck == other.Bottleneck && Blocks.SequenceEqual(other.Blocks);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Blocks[0], Blocks[1], Blocks[2], Blocks[3], Width, Bottleneck);
}
