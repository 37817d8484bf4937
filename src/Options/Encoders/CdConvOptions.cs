using System.Text.Json.Serialization;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Settings of CDConv (continuous-discrete convolution), the encoder of protein structures: alpha-carbon coordinates and, unless
/// <see cref="UseStructureInput"/> is set, residue types. The default is a small network for a CPU; <see cref="Published"/> is the public one.
/// </summary>
/// <remarks>Source: Fan et al., Continuous-Discrete Convolution for Geometry-Sequence Modeling in Proteins, ICLR 2023, and its public code.</remarks>
public sealed record CdConvOptions : ProteinStructureEncoderOptions
{
    private string? _weightsFile, _weightsKey;
    private IReadOnlyList<int> _channels = Defaults.Channels;
    private IReadOnlyList<double> _radii = Defaults.Radii;
    private IReadOnlyList<int> _kernelChannels = Defaults.KernelChannels;
    private int _sequentialKernelSize = Defaults.SequentialKernelSize;
    private int _baseWidth = Defaults.BaseWidth;
    private int _residueDimension = Defaults.ResidueDimension;
    private double _dropout = Defaults.Dropout;
    private double _coordinateNoise = Defaults.CoordinateNoise;
    private double _inputNoise = Defaults.InputNoise;
    private int _maximumLength = Defaults.MaximumLength;
    private CdConvReading _reading = Defaults.Reading;

    /// <summary>Default values.</summary>
    public static class Defaults
    {
        /// <summary>Three stages of 64, 128 and 256 channels.</summary>
        public static IReadOnlyList<int> Channels { get; } = [64, 128, 256];

        /// <summary>8, 12 and 16 angstrom.</summary>
        public static IReadOnlyList<double> Radii { get; } = [8, 12, 16];

        /// <summary>One layer of 24.</summary>
        public static IReadOnlyList<int> KernelChannels { get; } = [24];

        /// <summary>21, as in the public settings for enzyme reactions.</summary>
        public const int SequentialKernelSize = 21;

        /// <summary>32: a block convolves half as many channels as it gives out.</summary>
        public const int BaseWidth = 32;

        /// <summary>16.</summary>
        public const int ResidueDimension = 16;

        /// <summary>0.2.</summary>
        public const double Dropout = 0.2;

        /// <summary>0.05 angstrom.</summary>
        public const double CoordinateNoise = 0.05;

        /// <summary>1, the spread of freshly drawn residue embeddings.</summary>
        public const double InputNoise = 1;

        /// <summary>512 residues.</summary>
        public const int MaximumLength = 512;

        /// <summary>Pooling that never leaves a chain.</summary>
        public const CdConvReading Reading = CdConvReading.Sound;

        /// <summary>False: residue types are the input.</summary>
        public const bool UseStructureInput = false;
    }

    /// <summary>The public code's sizes for enzyme reactions: 256, 512, 1024 and 2048 channels at 8, 12, 16 and 20 angstrom. Too large for a CPU.</summary>
    public static CdConvOptions Published { get; } = new() { Channels = [256, 512, 1024, 2048], Radii = [8, 12, 16, 20] };

    /// <summary>
    /// Channels of each stage, 1 to 8 stages of 1 to 65536; the last is the width of the features. A stage is two blocks, and between
    /// stages neighbouring residues are pooled in pairs. Default 64, 128, 256.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A width or the number of stages is out of range.</exception>
    public IReadOnlyList<int> Channels
    {
        get => _channels;
        init => _channels = Copy(value, 8, 65536, nameof(Channels));
    }

    /// <summary>Radius of the neighbourhood in angstrom, above 0, one for each stage. Default 8, 12, 16.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A radius or the number of stages is out of range.</exception>
    public IReadOnlyList<double> Radii
    {
        get => _radii;
        init
        {
            ArgumentNullException.ThrowIfNull(value, nameof(Radii));
            Check.InRange(value.Count, 1, 8, nameof(Radii) + ".Count");
            foreach (var radius in value)
                Check.Positive(radius, nameof(Radii));
            _radii = [.. value];
        }
    }

    /// <summary>Widths of the network that turns an edge's seven geometric features into its weights, 1 to 4 layers of 1 to 1024. Default 24.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A width or the number of layers is out of range.</exception>
    public IReadOnlyList<int> KernelChannels
    {
        get => _kernelChannels;
        init => _kernelChannels = Copy(value, 4, 1024, nameof(KernelChannels));
    }

    /// <summary>
    /// Number of weight networks, one for each offset along the sequence; larger offsets take the outermost one. Odd, 3 to 1023. Default 21.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range, or even.</exception>
    public int SequentialKernelSize
    {
        get => _sequentialKernelSize;
        init => _sequentialKernelSize = Check.InRange(value, 3, 1023, nameof(SequentialKernelSize)) % 2 == 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(SequentialKernelSize), value, $"{nameof(SequentialKernelSize)} must be odd, found {value}.");
    }

    /// <summary>A block of c channels convolves c * BaseWidth / 64 channels, rounded down; 1 to 1024. Default 32.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int BaseWidth
    {
        get => _baseWidth;
        init => _baseWidth = Check.InRange(value, 1, 1024, nameof(BaseWidth));
    }

    /// <summary>
    /// Size of a residue type's embedding, 1 to 4096; with <see cref="UseStructureInput"/> that of the structure's and that of the noise. Default 16.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    [JsonPropertyName("embeddingDimension")] // the name in saved models
    public int ResidueDimension
    {
        get => _residueDimension;
        init => _residueDimension = Check.InRange(value, 1, 4096, nameof(ResidueDimension));
    }

    /// <summary>Share of activations dropped in training, 0 to below 1. Default 0.2.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Dropout
    {
        get => _dropout;
        init => _dropout = Check.InRangeExclusive(value, 0, 1, nameof(Dropout));
    }

    /// <summary>Standard deviation in angstrom of the Gaussian noise added in training to every coordinate, 0 to 10. Default 0.05.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double CoordinateNoise
    {
        get => _coordinateNoise;
        init => _coordinateNoise = Check.InRange(value, 0, 10, nameof(CoordinateNoise));
    }

    /// <summary>
    /// Gentle-CLIP's input (equation 12): instead of residue types the vectors to the previous and the next alpha carbon, linearly embedded,
    /// beside random noise in training and zeros in inference where the residue embedding stood. The sequence is then not read at all,
    /// and the features change when the structure is rotated, because the vectors are those of the file's coordinate system. Default false.
    /// </summary>
    public bool UseStructureInput { get; init; } = Defaults.UseStructureInput;

    /// <summary>Standard deviation of the noise beside the structure input, 0 to 10; read only with <see cref="UseStructureInput"/>. Default 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double InputNoise
    {
        get => _inputNoise;
        init => _inputNoise = Check.InRange(value, 0, 10, nameof(InputNoise));
    }

    /// <summary>Longer chains are cut in training to a random run of so many residues, 3 or more; inference always sees the whole chain. Default 512.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int MaximumLength
    {
        get => _maximumLength;
        init => _maximumLength = Check.InRange(value, 3, int.MaxValue, nameof(MaximumLength));
    }

    /// <summary>How pooling treats short chains. Default <see cref="CdConvReading.Sound"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public CdConvReading Reading
    {
        get => _reading;
        init => _reading = Check.Defined(value, nameof(Reading));
    }

    /// <summary>
    /// File or folder with pretrained weights of these sizes under the public code's names, read by <c>Fit</c>: <c>.pt</c>, <c>.pth</c>, <c>.safetensors</c> or
    /// the <c>weights.safetensors</c> out of a model saved by this library; a classifier in it is left out. Null, the default, starts from random ones. A saved
    /// model holds its weights and does not name the file.
    /// </summary>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? WeightsFile
    {
        get => _weightsFile;
        init => _weightsFile = Check.NotBlank(value, nameof(WeightsFile));
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

    /// <summary>Value equality, the lists included.</summary>
    /// <param name="other">The other settings.</param>
    public bool Equals(CdConvOptions? other) =>
        other is not null && Scalars == other.Scalars && WeightsFile == other.WeightsFile && WeightsKey == other.WeightsKey
        && Channels.SequenceEqual(other.Channels) && Radii.SequenceEqual(other.Radii)
        && KernelChannels.SequenceEqual(other.KernelChannels);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Scalars, Channels.Count, Channels[^1], Radii[0]);

    /// <summary>Channels a block convolves when it gives out so many.</summary>
    internal int WidthOf(int channels) => (int)((long)channels * BaseWidth / 64);

    /// <summary>Checks what no setter can see alone.</summary>
    /// <exception cref="ArgumentException">The lists do not fit.</exception>
    internal void Validate()
    {
        if (Channels.Count != Radii.Count)
            throw new ArgumentException($"{nameof(Channels)} has {Channels.Count} stages and {nameof(Radii)} {Radii.Count}; expected as many.");
        foreach (var channels in Channels)
            if (WidthOf(channels) < 1)
                throw new ArgumentException(
                    $"{nameof(Channels)} {channels} times {nameof(BaseWidth)} {BaseWidth} / 64 leaves no channel to convolve; expected 1 or more.");
    }

    internal override void Validate(string inputColumnName, string? sequenceColumnName)
    {
        Validate();
        if (UseStructureInput && sequenceColumnName is { } name)
            throw new ArgumentException(
                $"{nameof(CdConvOptions)}.{nameof(UseStructureInput)} reads no sequence, but the modality of column '{inputColumnName}' names '{name}'; "
                + "leave one of them out.");
    }

    private (int, int, int, double, double, bool, double, int, CdConvReading) Scalars =>
        (SequentialKernelSize, BaseWidth, ResidueDimension, Dropout, CoordinateNoise, UseStructureInput, InputNoise, MaximumLength, Reading);

    private static IReadOnlyList<int> Copy(IReadOnlyList<int> values, int maximumCount, int maximum, string name)
    {
        ArgumentNullException.ThrowIfNull(values, name);
        Check.InRange(values.Count, 1, maximumCount, name + ".Count");
        foreach (var value in values)
            Check.InRange(value, 1, maximum, name);
        return [.. values];
    }
}
