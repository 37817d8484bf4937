using System.Text.Json.Serialization;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Settings of BERT (Devlin et al. 2019) as an encoder of text: WordPiece tokens, a transformer of any size, pooled representations.
/// </summary>
public sealed record BertEncoderOptions : TextEncoderOptions, IWordPieceOptions, IEncoderOptions
{
    private BertSize? _size;
    private FolderSize? _folderSize;
    private string? _weightsKey, _weightsFile;
    private string? _vocabularyFile;
    private IReadOnlyList<string>? _vocabulary;
    private int _maximumVocabularySize = Defaults.MaximumVocabularySize;
    private int? _trainableLayers;
    private BertPooling _pooling = Defaults.Pooling;
    private int _maximumLength = Defaults.MaximumLength;
    private double _dropout = Defaults.Dropout;

    /// <summary>Default values.</summary>
    public static class Defaults
    {
        /// <summary>2 layers of 128 where there is no weights file: random weights of a published size would take a GPU and many more texts.</summary>
        public static BertSize Size => BertSize.Tiny;

        /// <summary>bert-base, 12 layers of 768, where there is a weights file.</summary>
        public static BertSize PretrainedSize => BertSize.Base;

        /// <summary>8000 tokens.</summary>
        public const int MaximumVocabularySize = 8000;

        /// <summary>Mean over the tokens.</summary>
        public const BertPooling Pooling = BertPooling.Mean;

        /// <summary>128 tokens.</summary>
        public const int MaximumLength = 128;

        /// <summary>0.3, as in the authors' code.</summary>
        public const double Dropout = 0.3;
    }

    /// <summary>
    /// Layers, widths and heads. Default <see cref="BertSize.Base"/> with a <see cref="WeightsFile"/>, or what the <c>config.json</c> of one that is a folder
    /// says; <see cref="BertSize.Tiny"/> without.
    /// </summary>
    public BertSize Size
    {
        get => _size ?? (WeightsFile is { } file ? SizeOf(file) : Defaults.Size);
        init => _size = value ?? throw new ArgumentNullException(nameof(Size));
    }

    /// <summary>
    /// File with pretrained weights of this size, read by <c>Fit</c>: Hugging Face's <c>.safetensors</c>, <c>.bin</c> or <c>.index.json</c> under present or
    /// older names, the folder of a download, or the <c>weights.safetensors</c> out of a model saved by this library. Needs its vocabulary. Null, the default,
    /// starts from random ones. A saved model holds its weights and does not name the file.
    /// </summary>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public string? WeightsFile
    {
        get => _weightsFile;
        init => _weightsFile = NotBlank(value, nameof(WeightsFile));
    }

    /// <summary>
    /// Where in <see cref="WeightsFile"/> the weights are: the dotted keys and prefixes that lead to them, such as <c>teacher</c> or
    /// <c>state_dict.model.backbone</c>. Null, the default, finds them by the names that every such network has, and says in the log what was chosen.
    /// </summary>
    /// <exception cref="ArgumentException">The key is empty.</exception>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? WeightsKey
    {
        get => _weightsKey;
        init => _weightsKey = Check.NotBlank(value, nameof(WeightsKey));
    }

    /// <summary>
    /// A <c>vocab.txt</c> of WordPiece tokens, one per line, read by <c>Fit</c>. Null, the default, takes <see cref="Vocabulary"/>, and where that is null as
    /// well, learns one from the training rows. A saved model holds its vocabulary and does not name the file.
    /// </summary>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public string? VocabularyFile
    {
        get => _vocabularyFile;
        init => _vocabularyFile = NotBlank(value, nameof(VocabularyFile));
    }

    /// <summary>
    /// The WordPiece tokens in the order of their numbers; those of a fitted model are here. Null, the default: see <see cref="VocabularyFile"/>.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// There are more than 1048576 tokens, an empty or over-long one, the same one twice, or [PAD], [UNK], [CLS] or [SEP] is missing.
    /// </exception>
    public IReadOnlyList<string>? Vocabulary
    {
        get => _vocabulary;
        init => _vocabulary = value is null ? null : TokenList.Checked(value, nameof(Vocabulary));
    }

    /// <summary>Most tokens of a vocabulary that is learnt, 100 to 1048576. Default 8000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int MaximumVocabularySize
    {
        get => _maximumVocabularySize;
        init => _maximumVocabularySize = Check.InRange(value, 100, TokenList.MaximumCount, nameof(MaximumVocabularySize));
    }

    /// <summary>
    /// How many layers train, counted from the last: 0 freezes the whole encoder, null, the default, trains it all, the embeddings included. A frozen encoder
    /// has no dropout and encodes each training row once.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 0. More layers than <see cref="Size"/> has are refused where the encoder is built.</exception>
    public int? TrainableLayers
    {
        get => _trainableLayers;
        init => _trainableLayers = value is { } layers ? Check.InRange(layers, 0, 256, nameof(TrainableLayers)) : null;
    }

    /// <summary>How the tokens' representations become the text's features. Default <see cref="BertPooling.Mean"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a defined value.</exception>
    public BertPooling Pooling
    {
        get => _pooling;
        init => _pooling = Check.Defined(value, nameof(Pooling));
    }

    /// <summary>
    /// Tokens of a text that are encoded, [CLS] and [SEP] included, 2 to the size's positions: of a longer text the first ones, and [SEP] after them. Default
    /// 128.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int MaximumLength
    {
        get => _maximumLength;
        init => _maximumLength = Check.InRange(value, 2, 65536, nameof(MaximumLength));
    }

    /// <summary>
    /// Share of hidden values and of attention probabilities dropped in training, 0 to below 1; it also makes the two views of the self-supervised loss.
    /// Default 0.3.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Dropout
    {
        get => _dropout;
        init => _dropout = Check.InRangeExclusive(value, 0, 1, nameof(Dropout));
    }

    /// <summary>Value equality, the vocabulary included; a size that is the default equals the same one set.</summary>
    /// <param name="other">The other settings.</param>
    public bool Equals(BertEncoderOptions? other) => other is not null && Values == other.Values
        && (Vocabulary is null ? other.Vocabulary is null : other.Vocabulary is not null && Vocabulary.SequenceEqual(other.Vocabulary));

    /// <inheritdoc/>
    public override int GetHashCode() => Values.GetHashCode();

    bool IEncoderOptions.HasFrozenWeights => TrainableLayers == 0;

    /// <summary>Checks what no setter can see alone.</summary>
    /// <exception cref="ArgumentException">Settings contradict each other.</exception>
    internal void Validate()
    {
        if (TrainableLayers > Size.Layers)
            throw new ArgumentException(
                $"{nameof(BertEncoderOptions)}.{nameof(TrainableLayers)} is {TrainableLayers}; expected at most the size's {Size.Layers} layers.");
        if (MaximumLength > Size.MaximumPositions)
            throw new ArgumentException(
                $"{nameof(BertEncoderOptions)}.{nameof(MaximumLength)} is {MaximumLength}; expected at most the size's {Size.MaximumPositions} positions.");
        if (VocabularyFile is not null && Vocabulary is not null)
            throw new ArgumentException($"{nameof(BertEncoderOptions)}.{nameof(VocabularyFile)} and {nameof(Vocabulary)} are both set; expected one of them.");
        if (WeightsFile is not null && VocabularyFile is null && Vocabulary is null)
            throw new ArgumentException(
                $"{nameof(BertEncoderOptions)}.{nameof(WeightsFile)} is set, but neither {nameof(VocabularyFile)} nor {nameof(Vocabulary)}: pretrained "
                    + $"weights mean nothing with other tokens than their own.");
    }

    // A token is seldom longer than this; only sums of what texts cost depend on it.
    internal override int LargestCost => 8 * MaximumLength;

    TextEncoderOptions IWordPieceOptions.WithVocabulary(IReadOnlyList<string> vocabulary) => this with { Vocabulary = vocabulary, VocabularyFile = null };

    private static string? NotBlank(string? value, string name)
    {
        if (value is not null)
            ArgumentException.ThrowIfNullOrWhiteSpace(value, name);
        return value;
    }

    // Read once for each file, as the size is asked for often.
    private BertSize SizeOf(string file)
    {
        if (_folderSize is not { } known || known.File != file)
            _folderSize = known = new(file, PretrainedConfig.Size(file, static config => config.Number("num_hidden_layers") is { } layers
                && config.Number("hidden_size") is { } width && config.Number("num_attention_heads") is { } heads
                ? new BertSize(layers, width, heads, config.Number("intermediate_size") ?? 4 * width, config.Number("max_position_embeddings") ?? 512) : null));
        return known.Size ?? Defaults.PretrainedSize;
    }

    private sealed record FolderSize(string File, BertSize? Size);

    private (bool, BertSize, (string?, string?), string?, int, int?, (BertPooling, int, double)) Values =>
        (LowerCase, Size, (WeightsFile, WeightsKey), VocabularyFile, MaximumVocabularySize, TrainableLayers, (Pooling, MaximumLength, Dropout));
}
