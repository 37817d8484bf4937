using System.Text.Json.Serialization;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>Settings of the ESM-2 protein language model (Lin et al. 2023) that encodes amino-acid sequences.</summary>
public sealed record Esm2Options : ProteinSequenceEncoderOptions, IEncoderOptions
{
    private Esm2Size? _size;
    private FolderSize? _folderSize;
    private string? _weightsFile, _weightsKey;
    private int? _trainableLayers;
    private Esm2Pooling _pooling = Defaults.Pooling;
    private int _maximumLength = Defaults.MaximumLength;
    private double _masking = Defaults.Masking;
    private double _subsequenceCrop = Defaults.SubsequenceCrop;

    /// <summary>Default values.</summary>
    public static class Defaults
    {
        /// <summary>4 layers of 128 where there is no weights file: random weights of a published size would take a GPU and many more sequences.</summary>
        public static Esm2Size Size => Esm2Size.Small;

        /// <summary>The smallest published model, 6 layers of 320, where there is a weights file.</summary>
        public static Esm2Size PretrainedSize => Esm2Size.T6_8M;

        /// <summary>Mean over the residues.</summary>
        public const Esm2Pooling Pooling = Esm2Pooling.Mean;

        /// <summary>1022 residues: 1024 tokens, the length of the published training.</summary>
        public const int MaximumLength = 1022;

        /// <summary>An error, as in the authors' code.</summary>
        public const Esm2UnknownResidues UnknownResidues = Esm2UnknownResidues.Error;

        /// <summary>0.15; ESM-2 learnt from sequences with as many residues replaced.</summary>
        public const double Masking = 0.15;

        /// <summary>0: no cutting.</summary>
        public const double SubsequenceCrop = 0;
    }

    /// <summary>
    /// Layers, width and heads: a published size such as <see cref="Esm2Size.T33_650M"/>, or a custom one. Default <see cref="Esm2Size.T6_8M"/> with a
    /// <see cref="WeightsFile"/>, or what the <c>config.json</c> of one that is a folder says; <see cref="Esm2Size.Small"/> without.
    /// </summary>
    public Esm2Size Size
    {
        get => _size ?? (WeightsFile is { } file ? SizeOf(file) : Defaults.Size);
        init => _size = value ?? throw new ArgumentNullException(nameof(Size));
    }

    /// <summary>
    /// File with pretrained weights of this size, read by <c>Fit</c>: fair-esm's <c>.pt</c>, Hugging Face's <c>.safetensors</c>, <c>.bin</c> or
    /// <c>.index.json</c>, the folder of a download, or the <c>weights.safetensors</c> out of a model saved by this library. Null, the default,
    /// starts from random ones. A saved model holds its weights and does not name the file.
    /// </summary>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public string? WeightsFile
    {
        get => _weightsFile;
        init
        {
            if (value is not null)
                ArgumentException.ThrowIfNullOrWhiteSpace(value, nameof(WeightsFile));
            _weightsFile = value;
        }
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
    /// How many layers train, counted from the last, together with the normalisation after them: 0 freezes the whole encoder, null,
    /// the default, trains it all, the token embeddings included. A frozen encoder sees whole sequences, without cuts and masks, and encodes each training row
    /// once.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 0. More layers than <see cref="Size"/> has are refused where the encoder is built.</exception>
    public int? TrainableLayers
    {
        get => _trainableLayers;
        init => _trainableLayers = value is { } layers ? Check.InRange(layers, 0, 256, nameof(TrainableLayers)) : null;
    }

    /// <summary>How the residues' representations become the sequence's features. Default <see cref="Esm2Pooling.Mean"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a defined value.</exception>
    public Esm2Pooling Pooling
    {
        get => _pooling;
        init => _pooling = Check.Defined(value, nameof(Pooling));
    }

    /// <summary>Longest piece of a sequence that is encoded, in residues, 1 to 65534: the first one, in training a random one. Default 1022.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int MaximumLength
    {
        get => _maximumLength;
        init => _maximumLength = Check.InRange(value, 1, 65534, nameof(MaximumLength));
    }

    /// <summary>
    /// Share of the residues replaced by the mask token in training, 0 to below 1; it also makes the two views of the self-supervised loss. Default 0.15.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Masking
    {
        get => _masking;
        init => _masking = Check.InRangeExclusive(value, 0, 1, nameof(Masking));
    }

    /// <summary>
    /// Largest share of a sequence cut off its ends in training, 0 to below 1: each time, a random piece is encoded whose length lies evenly
    /// between what is left then and the whole. Default 0.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double SubsequenceCrop
    {
        get => _subsequenceCrop;
        init => _subsequenceCrop = Check.InRangeExclusive(value, 0, 1, nameof(SubsequenceCrop));
    }

    /// <summary>Value equality of all settings; a size that is the default equals the same one set.</summary>
    /// <param name="other">The other settings.</param>
    public bool Equals(Esm2Options? other) => other is not null && Values == other.Values;

    /// <inheritdoc/>
    public override int GetHashCode() => Values.GetHashCode();

    bool IEncoderOptions.HasFrozenWeights => TrainableLayers == 0;

    /// <summary>Checks what no setter can see alone.</summary>
    /// <exception cref="ArgumentException">More trainable layers are asked for than there are.</exception>
    internal override void Validate()
    {
        if (TrainableLayers > Size.Layers)
            throw new ArgumentException(
                $"{nameof(Esm2Options)}.{nameof(TrainableLayers)} is {TrainableLayers}; expected at most the size's {Size.Layers} layers.");
    }

    // Read once for each file, as the size is asked for often.
    private Esm2Size SizeOf(string file)
    {
        if (_folderSize is not { } known || known.File != file)
            _folderSize = known = new(file, PretrainedConfig.Size(file, static config => config.Number("num_hidden_layers") is { } layers
                && config.Number("hidden_size") is { } width && config.Number("num_attention_heads") is { } heads
                ? new Esm2Size(layers, width, heads) : null));
        return known.Size ?? Defaults.PretrainedSize;
    }

    private sealed record FolderSize(string File, Esm2Size? Size);

    private (Esm2Size, (string?, string?), int?, Esm2Pooling, int, Esm2UnknownResidues, double, double) Values =>
        (Size, (WeightsFile, WeightsKey), TrainableLayers, Pooling, MaximumLength, UnknownResidues, Masking, SubsequenceCrop);
}
