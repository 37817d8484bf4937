using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// The forms of the loss terms, and the terms beyond the paper's total. The weights of the paper's terms are options of
/// <see cref="GentleClipOptions"/> itself.
/// </summary>
public sealed record ObjectiveOptions
{
    private readonly SelfSupervisedForm _selfSupervisedForm = SelfSupervisedForm.SimCse;
    private readonly MmdKernelWeights _mmdKernelWeights = MmdKernelWeights.Fixed;
    private readonly double _gaussianKernelWeight = 0.5;
    private readonly double? _gaussianKernelBandwidth;
    private readonly SddDivergence _sddDivergence = SddDivergence.KullbackLeibler;
    private readonly SddVariance _sddVariance = SddVariance.Own;
    private readonly double _sddVarianceFloor = 0.01;
    private readonly double? _sddDistanceTemperature;
    private readonly double _centroidWeight;
    private readonly double _sinkhornWeight;
    private readonly PseudoLabelKind _pseudoLabelKind = PseudoLabelKind.OptimalTransport;
    private readonly PseudoLabelSides _pseudoLabelSides = PseudoLabelSides.Both;
    private readonly double _pseudoLabelWeight;
    private readonly double _transportPairWeight;
    private readonly double _averageDecay = 0.99;
    private readonly double _klotWeight;
    private readonly double _klotRegularization = 0.05;
    private readonly double _klotTeacherRegularization = 0.02;
    private readonly double _rampStart = 0.1;
    private readonly double _rampEnd = 0.4;

    /// <summary>Form of the self-supervised loss (equation 7). Default <see cref="SelfSupervisedForm.SimCse"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a form.</exception>
    public SelfSupervisedForm SelfSupervisedForm
    {
        get => _selfSupervisedForm;
        init => _selfSupervisedForm = Check.Defined(value, nameof(SelfSupervisedForm));
    }

    /// <summary>Who chooses the weights of MK-MMD's two kernels (equation 2). Default <see cref="MmdKernelWeights.Fixed"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public MmdKernelWeights MmdKernelWeights
    {
        get => _mmdKernelWeights;
        init => _mmdKernelWeights = Check.Defined(value, nameof(MmdKernelWeights));
    }

    /// <summary>Weight of the Gaussian kernel, the polynomial one has the rest, 0 to 1; the starting point of learnable weights. Default 0.5.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double GaussianKernelWeight
    {
        get => _gaussianKernelWeight;
        init => _gaussianKernelWeight = Check.InRange(value, 0, 1, nameof(GaussianKernelWeight));
    }

    /// <summary>Bandwidth of the Gaussian kernel exp(-d² / (2 bandwidth²)), above 0; null (default) takes it from the median distance of each batch.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0.</exception>
    public double? GaussianKernelBandwidth
    {
        get => _gaussianKernelBandwidth;
        init => _gaussianKernelBandwidth = value is { } bandwidth ? Check.Positive(bandwidth, nameof(GaussianKernelBandwidth)) : null;
    }

    /// <summary>How SDD compares density profiles (equation 4). Default <see cref="SddDivergence.KullbackLeibler"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a divergence.</exception>
    public SddDivergence SddDivergence
    {
        get => _sddDivergence;
        init => _sddDivergence = Check.Defined(value, nameof(SddDivergence));
    }

    /// <summary>What SDD divides squared distances by (equations 5 and 6). Default <see cref="SddVariance.Own"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public SddVariance SddVariance
    {
        get => _sddVariance;
        init => _sddVariance = Check.Defined(value, nameof(SddVariance));
    }

    /// <summary>Smallest variance in SDD, above 0; embeddings have unit length, so a tiny one guards against nothing. Default 0.01.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0.</exception>
    public double SddVarianceFloor
    {
        get => _sddVarianceFloor;
        init => _sddVarianceFloor = Check.Positive(value, nameof(SddVarianceFloor));
    }

    /// <summary>Whether SDD leaves a sample out of its own set's density and its partner out of the other's; needed below a bandwidth of 0.7. Default true.</summary>
    public bool SddLeaveOneOut { get; init; } = true;

    /// <summary>
    /// Temperature T of the softmax that reweighs SDD's distances (section 4.5 of the paper): near samples count more. Null (default)
    /// is the printed form, to which it tends for a large T.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0.</exception>
    public double? SddDistanceTemperature
    {
        get => _sddDistanceTemperature;
        init => _sddDistanceTemperature = value is { } temperature ? Check.Positive(temperature, nameof(SddDistanceTemperature)) : null;
    }

    /// <summary>Weight of the squared distance between the modalities' means (appendix I), 0 or more. Default 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public double CentroidWeight
    {
        get => _centroidWeight;
        init => _centroidWeight = Check.NotNegative(value, nameof(CentroidWeight));
    }

    /// <summary>Weight of the Sinkhorn divergence (appendix B), 0 or more; no gain at 1 in our measurements, and 10 ruins the embeddings. Default 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public double SinkhornWeight
    {
        get => _sinkhornWeight;
        init => _sinkhornWeight = Check.NotNegative(value, nameof(SinkhornWeight));
    }

    /// <summary>How unpaired rows get pseudo-labels from the pairs of their modality. Default <see cref="PseudoLabelKind.OptimalTransport"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a kind.</exception>
    public PseudoLabelKind PseudoLabelKind
    {
        get => _pseudoLabelKind;
        init => _pseudoLabelKind = Check.Defined(value, nameof(PseudoLabelKind));
    }

    /// <summary>Modalities whose unpaired rows get pseudo-labels. Default <see cref="PseudoLabelSides.Both"/>; S-CLIP gives them to one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public PseudoLabelSides PseudoLabelSides
    {
        get => _pseudoLabelSides;
        init => _pseudoLabelSides = Check.Defined(value, nameof(PseudoLabelSides));
    }

    /// <summary>Weight of the pseudo-labels after the ramp, 0 or more; above 0 unpaired rows are also negatives of the contrastive loss. Default 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public double PseudoLabelWeight
    {
        get => _pseudoLabelWeight;
        init => _pseudoLabelWeight = Check.NotNegative(value, nameof(PseudoLabelWeight));
    }

    /// <summary>
    /// Weight of cross-modal pseudo-pairs after the ramp, 0 or more: a transport plan between the unpaired rows of both modalities, from a moving
    /// average of the towers, is the soft target of a contrastive loss. 0.3 is cautious; 1 gains more with long training and can hurt. Default 0.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public double TransportPairWeight
    {
        get => _transportPairWeight;
        init => _transportPairWeight = Check.NotNegative(value, nameof(TransportPairWeight));
    }

    /// <summary>Share of the past in the moving average of the towers that makes pseudo-pairs, 0 to below 1. Default 0.99.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double AverageDecay
    {
        get => _averageDecay;
        init => _averageDecay = Check.InRangeExclusive(value, 0, 1, nameof(AverageDecay));
    }

    /// <summary>
    /// Weight of KLOT, 0 or more: the divergence of the towers' transport plan between the unpaired rows of both modalities from that of the
    /// teacher (SOTAlign, arXiv 2602.23353). Above 0 needs <see cref="GentleClipOptions.Teacher"/>. Default 0.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public double KlotWeight
    {
        get => _klotWeight;
        init => _klotWeight = Check.NotNegative(value, nameof(KlotWeight));
    }

    /// <summary>Entropic regularisation of the towers' plan in KLOT, 0.001 to 10. Default 0.05.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double KlotRegularization
    {
        get => _klotRegularization;
        init => _klotRegularization = Check.InRange(value, 0.001, 10, nameof(KlotRegularization));
    }

    /// <summary>Entropic regularisation of the teacher's plan in KLOT, 0.001 to 10; SOTAlign has 0.005, and 0.02 did better in our measurements. Default 0.02.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double KlotTeacherRegularization
    {
        get => _klotTeacherRegularization;
        init => _klotTeacherRegularization = Check.InRange(value, 0.001, 10, nameof(KlotTeacherRegularization));
    }

    /// <summary>Share of the steps before pseudo-labels and pseudo-pairs count at all, 0 to 1. Default 0.1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double RampStart
    {
        get => _rampStart;
        init => _rampStart = Check.InRange(value, 0, 1, nameof(RampStart));
    }

    /// <summary>Share of the steps after which they count fully, 0 to 1; up to <see cref="RampStart"/> there is no ramp between. Default 0.4.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double RampEnd
    {
        get => _rampEnd;
        init => _rampEnd = Check.InRange(value, 0, 1, nameof(RampEnd));
    }

    /// <summary>Whether the temperature is learnt; false keeps <see cref="GentleClipOptions.Temperature"/>. Default true.</summary>
    public bool LearnTemperature { get; init; } = true;
}
