using System.Text.Json.Serialization;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Settings of the light encoder of text: character n-grams, words and pairs of neighbouring words are hashed into a table of vectors, whose
/// weighted sum goes through a multilayer perceptron. It has no order beyond those, needs no files and trains on a CPU in seconds.
/// </summary>
/// <remarks>
/// The weight of an n-gram in a text is (1 + ln occurrences) * (1 + ln((1 + texts) / (1 + texts with it))), scaled so that the squares of a text's weights add
/// up to 1; the counts are over all training rows of the modality. N-grams that no training text has count for nothing.
/// </remarks>
public sealed record TextNGramOptions : TextEncoderOptions
{
    private int _minimumLength = Defaults.MinimumLength;
    private int _maximumLength = Defaults.MaximumLength;
    private int _buckets = Defaults.Buckets;
    private int _tableDimension = Defaults.TableDimension;
    private IReadOnlyList<int> _hiddenDimensions = Defaults.HiddenDimensions;
    private int _maximumCharacters = Defaults.MaximumCharacters;
    private double _dropout = Defaults.Dropout;
    private double _nGramDropout = Defaults.NGramDropout;

    /// <summary>Default values.</summary>
    public static class Defaults
    {
        /// <summary>2 characters, a word's beginning and end being one each.</summary>
        public const int MinimumLength = 2;

        /// <summary>4 characters.</summary>
        public const int MaximumLength = 4;

        /// <summary>16384 vectors.</summary>
        public const int Buckets = 1 << 14;

        /// <summary>128 numbers a vector.</summary>
        public const int TableDimension = 128;

        /// <summary>One hidden layer of 256.</summary>
        public static IReadOnlyList<int> HiddenDimensions { get; } = [256];

        /// <summary>10000 characters.</summary>
        public const int MaximumCharacters = 10_000;

        /// <summary>0.3.</summary>
        public const double Dropout = 0.3;

        /// <summary>0.2.</summary>
        public const double NGramDropout = 0.2;
    }

    /// <summary>Length of the shortest character n-grams, 1 to 16; a word's beginning and end count as a character. Default 2.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int MinimumLength
    {
        get => _minimumLength;
        init => _minimumLength = Check.InRange(value, 1, 16, nameof(MinimumLength));
    }

    /// <summary>Length of the longest character n-grams, 1 to 16. Default 4. Below <see cref="MinimumLength"/> there are only words and their pairs.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int MaximumLength
    {
        get => _maximumLength;
        init => _maximumLength = Check.InRange(value, 1, 16, nameof(MaximumLength));
    }

    /// <summary>Vectors in the table, 16 to 16777216; n-grams share one where their hashes agree. Default 16384.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int Buckets
    {
        get => _buckets;
        init => _buckets = Check.InRange(value, 16, 1 << 24, nameof(Buckets));
    }

    /// <summary>Width of the table's vectors, 1 to 65536. Default 128.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    [JsonPropertyName("embeddingDimension")] // the name in saved models
    public int TableDimension
    {
        get => _tableDimension;
        init => _tableDimension = Check.InRange(value, 1, 65536, nameof(TableDimension));
    }

    /// <summary>Widths of the hidden layers after the table, each 1 to 65536, at most 32 layers; may be empty. Default 256.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A width or the number of layers is out of range.</exception>
    public IReadOnlyList<int> HiddenDimensions
    {
        get => _hiddenDimensions;
        init
        {
            ArgumentNullException.ThrowIfNull(value, nameof(HiddenDimensions));
            Check.InRange(value.Count, 0, 32, nameof(HiddenDimensions) + ".Count");
            foreach (var width in value)
                Check.InRange(width, 1, 65536, nameof(HiddenDimensions));
            _hiddenDimensions = [.. value];
        }
    }

    /// <summary>UTF-16 characters of a text that are read, the first ones, 1 to 10000000. Default 10000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int MaximumCharacters
    {
        get => _maximumCharacters;
        init => _maximumCharacters = Check.InRange(value, 1, 10_000_000, nameof(MaximumCharacters));
    }

    /// <summary>Share of the hidden layers' activations dropped in training, 0 to below 1. Default 0.3.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Dropout
    {
        get => _dropout;
        init => _dropout = Check.InRangeExclusive(value, 0, 1, nameof(Dropout));
    }

    /// <summary>
    /// Share of a text's n-grams left out in training, 0 to below 1; the randomness also makes the two views of the self-supervised loss. Default 0.2.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double NGramDropout
    {
        get => _nGramDropout;
        init => _nGramDropout = Check.InRangeExclusive(value, 0, 1, nameof(NGramDropout));
    }

    /// <summary>Value equality, the layers included.</summary>
    /// <param name="other">The other settings.</param>
    public bool Equals(TextNGramOptions? other) => other is not null && Values == other.Values && HiddenDimensions.SequenceEqual(other.HiddenDimensions);

    /// <inheritdoc/>
    public override int GetHashCode() => Values.GetHashCode();

    internal override int LargestCost => MaximumCharacters;

    private (bool, int, int, int, int, int, double, double) Values =>
        (LowerCase, MinimumLength, MaximumLength, Buckets, TableDimension, MaximumCharacters, Dropout, NGramDropout);
}
