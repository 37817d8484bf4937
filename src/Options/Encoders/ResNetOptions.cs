using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>Settings of the residual network (He et al. 2016) that encodes pictures; its features are the mean over the last stage's places.</summary>
public sealed record ResNetOptions : ImageEncoderOptions, IEncoderOptions
{
    private ResNetSize? _size;
    private FolderSize? _folderSize;
    private int? _trainableStages;

    /// <summary>Default values.</summary>
    public static class Defaults
    {
        /// <summary>A small network where there is no weights file: random weights of a published size would take a GPU and many more pictures.</summary>
        public static ResNetSize Size => ResNetSize.Small;

        /// <summary>The smallest published network where there is a weights file.</summary>
        public static ResNetSize PretrainedSize => ResNetSize.ResNet18;

        /// <summary>Training normalises by its own batches.</summary>
        public const bool FreezeBatchNormalization = false;
    }

    /// <summary>
    /// Blocks and width. Default <see cref="ResNetSize.ResNet18"/> with a <see cref="ImageEncoderOptions.WeightsFile"/>, or what timm's <c>config.json</c> in
    /// one that is a folder says; <see cref="ResNetSize.Small"/> without.
    /// </summary>
    public ResNetSize Size
    {
        get => _size ?? (WeightsFile is { } file ? SizeOf(file) : Defaults.Size);
        init => _size = value ?? throw new ArgumentNullException(nameof(Size));
    }

    /// <summary>
    /// How many of the four stages train, counted from the last: 0 freezes the whole network, null, the default, trains it all, the first convolution included.
    /// Stages that do not train normalise by their running statistics. A frozen network encodes each training row once.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 0 or above 4.</exception>
    public int? TrainableStages
    {
        get => _trainableStages;
        init => _trainableStages = value is { } stages ? Check.InRange(stages, 0, ResNetSize.StageCount, nameof(TrainableStages)) : null;
    }

    /// <summary>
    /// Whether batch normalisation keeps its statistics and weights in training, which suits pretrained weights and small batches. Without pretrained weights
    /// they would stay at their initial values. Default false: training normalises by the batch, and its statistics move those that inference uses, by a tenth
    /// each time.
    /// </summary>
    public bool FreezeBatchNormalization { get; init; } = Defaults.FreezeBatchNormalization;

    /// <summary>Value equality of all settings; a size that is the default equals the same one set.</summary>
    /// <param name="other">The other settings.</param>
    public bool Equals(ResNetOptions? other) => other is not null && Values == other.Values;

    /// <inheritdoc/>
    public override int GetHashCode() => Values.GetHashCode();

    bool IEncoderOptions.HasFrozenWeights => TrainableStages == 0;

    internal override void Validate(ImageOptions images)
    {
    }

    // Read once for each file, as the size is asked for often.
    private ResNetSize SizeOf(string file)
    {
        if (_folderSize is not { } known || known.File != file)
            _folderSize = known = new(file, PretrainedConfig.Size(file, static config =>
                config.Name is { } name ? ResNetSize.Published.GetValueOrDefault(name) : null));
        return known.Size ?? Defaults.PretrainedSize;
    }

    private sealed record FolderSize(string File, ResNetSize? Size);

    private (ResNetSize, string?, string?, int?, bool) Values => (Size, WeightsFile, WeightsKey, TrainableStages, FreezeBatchNormalization);
}
