using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>Settings of the vision transformer (Dosovitskiy et al. 2021) that encodes pictures.</summary>
public sealed record ViTOptions : ImageEncoderOptions, IEncoderOptions
{
    private ViTSize? _size;
    private FolderSize? _folderSize;
    private int? _trainableLayers;
    private ViTPooling _pooling = Defaults.Pooling;
    private double _layerNormEpsilon = Defaults.LayerNormEpsilon;

    /// <summary>Default values.</summary>
    public static class Defaults
    {
        /// <summary>A small network where there is no weights file: random weights of a published size would take a GPU and very many pictures.</summary>
        public static ViTSize Size => ViTSize.Small;

        /// <summary>The published network of the larger patches where there is a weights file.</summary>
        public static ViTSize PretrainedSize => ViTSize.B32;

        /// <summary>The class token.</summary>
        public const ViTPooling Pooling = ViTPooling.ClassToken;

        /// <summary>1e-6, torchvision's; Hugging Face's models have 1e-12, which changes results by a few millionths.</summary>
        public const double LayerNormEpsilon = 1e-6;
    }

    /// <summary>
    /// Patches, layers and widths. Default <see cref="ViTSize.B32"/> with a <see cref="ImageEncoderOptions.WeightsFile"/>, or what the <c>config.json</c> of
    /// one that is a folder says; <see cref="ViTSize.Small"/> without.
    /// </summary>
    public ViTSize Size
    {
        get => _size ?? (WeightsFile is { } file ? SizeOf(file) : Defaults.Size);
        init => _size = value ?? throw new ArgumentNullException(nameof(Size));
    }

    /// <summary>
    /// How many layers train, counted from the last, together with the normalisation after them: 0 freezes the whole network, null, the default, trains it all,
    /// the patches' projection included. A frozen network encodes each training row once.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 0. More layers than <see cref="Size"/> has are refused where the modality is used.</exception>
    public int? TrainableLayers
    {
        get => _trainableLayers;
        init => _trainableLayers = value is { } layers ? Check.InRange(layers, 0, 256, nameof(TrainableLayers)) : null;
    }

    /// <summary>How the patches' representations become the picture's features. Default <see cref="ViTPooling.ClassToken"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a defined value.</exception>
    public ViTPooling Pooling
    {
        get => _pooling;
        init => _pooling = Check.Defined(value, nameof(Pooling));
    }

    /// <summary>What the layer normalisations add to the variance, 0 to 0.1. Default 1e-6, torchvision's.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double LayerNormEpsilon
    {
        get => _layerNormEpsilon;
        init => _layerNormEpsilon = Check.InRange(value, 0, 0.1, nameof(LayerNormEpsilon));
    }

    /// <summary>Value equality of all settings; a size that is the default equals the same one set.</summary>
    /// <param name="other">The other settings.</param>
    public bool Equals(ViTOptions? other) => other is not null && Values == other.Values;

    /// <inheritdoc/>
    public override int GetHashCode() => Values.GetHashCode();

    bool IEncoderOptions.HasFrozenWeights => TrainableLayers == 0;

    internal override void Validate(ImageOptions images)
    {
        if (TrainableLayers > Size.Layers)
            throw new ArgumentException(
                $"{nameof(ViTOptions)}.{nameof(TrainableLayers)} is {TrainableLayers}; expected at most the size's {Size.Layers} layers.");
        if (images.Size % Size.PatchSize != 0)
            throw new ArgumentException(
                $"{nameof(ImageOptions)}.{nameof(ImageOptions.Size)} is {images.Size}; expected a multiple of the {Size.PatchSize} pixels of "
                    + $"{nameof(ViTOptions)}.{nameof(Size)}'s patches.");
    }

    // Read once for each file, as the size is asked for often.
    private ViTSize SizeOf(string file)
    {
        if (_folderSize is not { } known || known.File != file)
            _folderSize = known = new(file, PretrainedConfig.Size(file, static config => config.Number("num_hidden_layers") is { } layers
                && config.Number("hidden_size") is { } width && config.Number("num_attention_heads") is { } heads
                && config.Number("patch_size") is { } patch
                ? new ViTSize(patch, layers, width, heads, config.Number("intermediate_size") ?? 4 * width)
                : config.Name?.Split('_') is ["vit", "base", var kind, ..]
                    ? kind switch { "patch16" => ViTSize.B16, "patch32" => ViTSize.B32, _ => null } : null));
        return known.Size ?? Defaults.PretrainedSize;
    }

    private sealed record FolderSize(string File, ViTSize? Size);

    private (ViTSize, string?, string?, int?, ViTPooling, double) Values => (Size, WeightsFile, WeightsKey, TrainableLayers, Pooling, LayerNormEpsilon);
}
