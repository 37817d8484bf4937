namespace Microsoft.ML.GentleClip;

/// <summary>
/// Settings of the light encoder of amino-acid sequences: 382 statistics of the sequence (shares of residues, pairs of residue groups up to four places apart,
/// periods and windows of hydropathy, charge, volume and propensities, hydrophobic moments), standardised, go through a multilayer perceptron. It needs no
/// files, reads sequences of any length and trains on a CPU in seconds.
/// </summary>
/// <remarks>
/// See docs/encoders/protein-windows.md. Where published weights are at hand, <see cref="Esm2Options"/> knows more; from random weights it learns little from
/// a few thousand chains.
/// </remarks>
public sealed record ProteinWindowOptions : ProteinSequenceEncoderOptions
{
    private VectorEncoderOptions _network = new();

    /// <summary>Default values: those of <see cref="VectorEncoderOptions"/>, which were chosen on features like these.</summary>
    public static class Defaults
    {
        /// <summary>Two hidden layers of 256.</summary>
        public static IReadOnlyList<int> HiddenDimensions => VectorEncoderOptions.Defaults.HiddenDimensions;

        /// <summary>0.5.</summary>
        public const double Dropout = VectorEncoderOptions.Defaults.Dropout;

        /// <summary>0.5 standard deviations.</summary>
        public const double InputNoise = VectorEncoderOptions.Defaults.InputNoise;

        /// <summary>0.2.</summary>
        public const double InputMasking = VectorEncoderOptions.Defaults.InputMasking;

        /// <summary>True.</summary>
        public const bool KeepStatistics = true;
    }

    /// <summary>Widths of the hidden layers, each 1 to 65536, at most 32 layers; empty gives the projection head alone. Default 256, 256.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A width or the number of layers is out of range.</exception>
    public IReadOnlyList<int> HiddenDimensions
    {
        get => _network.HiddenDimensions;
        init => _network = _network with { HiddenDimensions = value };
    }

    /// <summary>
    /// Share of activations dropped in training, 0 to below 1; the randomness also makes the two views of the self-supervised loss. Default 0.5.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Dropout
    {
        get => _network.Dropout;
        init => _network = _network with { Dropout = value };
    }

    /// <summary>Standard deviation of the Gaussian noise added in training to the standardised statistics, 0 to 10. Default 0.5.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double InputNoise
    {
        get => _network.InputNoise;
        init => _network = _network with { InputNoise = value };
    }

    /// <summary>Share of the standardised statistics set to 0, their mean, in training, 0 to below 1. Default 0.2.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double InputMasking
    {
        get => _network.InputMasking;
        init => _network = _network with { InputMasking = value };
    }

    /// <summary>
    /// Whether the features are the last hidden layer's output and the 382 standardised statistics behind it, so that a classifier, the projection head and
    /// fine-tuning read what the layers lose; in training the statistics have the noise and the masking of the layers' input. False: only the layer's output,
    /// as in models that were saved before there was this setting. Without hidden layers the features are the statistics either way. Default true.
    /// </summary>
    public bool KeepStatistics { get; init; } = Defaults.KeepStatistics;

    /// <summary>The perceptron.</summary>
    internal VectorEncoderOptions Network => _network;
}
