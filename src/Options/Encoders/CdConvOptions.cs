using System.Text.Json.Serialization;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Settings of CDConv (continuous-discrete convolution), the encoder of protein structures: alpha-carbon coordinates and, where the modality names
/// a sequence column, residue types. The default is a small network for a CPU; <see cref="Published"/> is the public one.
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
    private CdConvPooling _pooling = Defaults.Pooling;
    private CdConvInput? _input;

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

        /// <summary>0: none. Networks as small as the default one lose by it; the published one has 0.2.</summary>
        public const double Dropout = 0;

        /// <summary>0.05 angstrom.</summary>
        public const double CoordinateNoise = 0.05;

        /// <summary>1, the spread of freshly drawn residue embeddings.</summary>
        public const double InputNoise = 1;

        /// <summary>512 residues.</summary>
        public const int MaximumLength = 512;

        /// <summary>Pooling that never leaves a chain.</summary>
        public const CdConvPooling Pooling = CdConvPooling.WithinChains;
    }

    /// <summary>The public code's sizes for enzyme reactions: 256, 512, 1024 and 2048 channels at 8, 12, 16 and 20 angstrom. Too large for a CPU.</summary>
    public static CdConvOptions Published { get; } = new()
    {
        Channels = [256, 512, 1024, 2048],
        Radii = [8, 12, 16, 20],
        Dropout = 0.2,
    };

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
    /// Size of a residue's embedding, 1 to 4096; with <see cref="CdConvInput.Steps"/> that of the vectors' and that of the noise. Default 16.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    [JsonPropertyName("embeddingDimension")] // the name in saved models
    public int ResidueDimension
    {
        get => _residueDimension;
        init => _residueDimension = Check.InRange(value, 1, 4096, nameof(ResidueDimension));
    }

    /// <summary>
    /// Share of activations dropped in training, 0 to below 1. Default 0; <see cref="Published"/> has 0.2. Dropout in front of a batch normalisation
    /// changes the variance that it sees between training and scoring, the more the narrower the network.
    /// </summary>
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
    /// What the network is told of each residue. Null, the default, lets the modality decide: <see cref="CdConvInput.ResidueTypes"/> where it names a sequence
    /// column, else <see cref="CdConvInput.LocalGeometry"/>. Of a modality that was made it is never null.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public CdConvInput? Input
    {
        get => _input;
        init => _input = value is { } input ? Check.Defined(input, nameof(Input)) : null;
    }

    /// <summary>The member that <see cref="Input"/> was in models of format 1.1 and 1.2, which is read and never written.</summary>
    [JsonInclude, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    internal bool? UseStructureInput
    {
        get => null;
        init => _input = value is null ? _input : value.Value ? CdConvInput.Steps : CdConvInput.ResidueTypes;
    }

    /// <summary>The input, residue types where none is named: the network alone knows no sequence column.</summary>
    internal CdConvInput InputOrTypes => Input ?? CdConvInput.ResidueTypes;

    /// <summary>Standard deviation of the noise beside equation 12's input, 0 to 10; read only with <see cref="CdConvInput.Steps"/>. Default 1.</summary>
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

    /// <summary>How pooling treats short chains. Default <see cref="CdConvPooling.WithinChains"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    [JsonPropertyName("reading")] // the name in saved models
    public CdConvPooling Pooling
    {
        get => _pooling;
        init => _pooling = Check.Defined(value, nameof(Pooling));
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
        if (InputOrTypes != CdConvInput.ResidueTypes && sequenceColumnName is { } name)
            throw new ArgumentException(
                $"{nameof(CdConvOptions)}.{nameof(Input)} {InputOrTypes} reads no sequence, but the modality of column '{inputColumnName}' names '{name}'; "
                + "leave one of them out.");
    }

    internal override void ValidateTraining(string inputColumnName, string? sequenceColumnName)
    {
        if (InputOrTypes == CdConvInput.ResidueTypes && sequenceColumnName is null)
            throw new ArgumentException(
                $"{nameof(CdConvOptions)}.{nameof(Input)} is {CdConvInput.ResidueTypes}, but the modality of column '{inputColumnName}' names no sequence "
                + "column: the input would be the same for every residue, and the network could not learn from it. Name the column "
                + $"({nameof(Modality)}.{nameof(Modality.ProteinStructure)}, sequenceColumnName), or leave {nameof(Input)} out, which is "
                + $"{CdConvInput.LocalGeometry} then.");
    }

    internal override ProteinStructureEncoderOptions For(string? sequenceColumnName) =>
        Input is null ? this with { Input = sequenceColumnName is null ? CdConvInput.LocalGeometry : CdConvInput.ResidueTypes } : this;

    private (int, int, int, double, double, CdConvInput?, double, int, CdConvPooling) Scalars =>
        (SequentialKernelSize, BaseWidth, ResidueDimension, Dropout, CoordinateNoise, Input, InputNoise, MaximumLength, Pooling);

    private static IReadOnlyList<int> Copy(IReadOnlyList<int> values, int maximumCount, int maximum, string name)
    {
        ArgumentNullException.ThrowIfNull(values, name);
        Check.InRange(values.Count, 1, maximumCount, name + ".Count");
        foreach (var value in values)
            Check.InRange(value, 1, maximum, name);
        return [.. values];
    }
}
