using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// The closed-form alignment: ridge canonical correlation analysis and its kernel form on the matched pairs, blended with
/// optimal transport between the unpaired samples where the pairs do not say that one of them alone is better. For modalities of feature
/// vectors. Few of these settings need changing; see docs/alignment.md for what each does and what was measured.
/// </summary>
public sealed record ClosedFormOptions
{
    /// <summary>Share of the closed form without validation pairs: 0.75.</summary>
    public const double DefaultShare = 0.75;

    private readonly ClosedFormRole _role;
    private readonly double? _share;
    private readonly int? _dimension;
    private readonly int _principalComponents = 64;
    private readonly double _ridge = 1;
    private readonly double _power = 2;
    private readonly double _linearWeight = 1;
    private readonly double _kernelWeight = 2;
    private readonly int _maximumAnchors = 1000;
    private readonly ClosedFormMethod _method;
    private readonly int _transportRounds = 8;
    private readonly int _maximumTransportRows = 4000;
    private readonly ClosedFormPart _selfTraining;
    private readonly int _selfTrainingRounds = 6;
    private readonly int _pseudoPairs = 300;
    private readonly double _pseudoPairWeight = 0.5;
    private readonly ClosedFormPart _spectral = ClosedFormPart.Off;
    private readonly int _maximumUnpairedRows = 10_000;

    /// <summary>What the closed form does. Default <see cref="ClosedFormRole.Chosen"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a role.</exception>
    public ClosedFormRole Role
    {
        get => _role;
        init => _role = Check.Defined(value, nameof(Role));
    }

    /// <summary>
    /// Share w of the closed form in the inner products of the embedding, 0 to 1. Used with <see cref="ClosedFormRole.BesideTowers"/>. Null
    /// (default): the one of 0, 0.25, 0.5, 0.75, 0.9 and 1 with the lowest mean log rank, of equals the middle one, where there are validation
    /// pairs, else <see cref="DefaultShare"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double? Share
    {
        get => _share;
        init => _share = value is { } share ? Check.InRange(share, 0, 1, nameof(Share)) : null;
    }

    /// <summary>
    /// Whether the closed form is left out, and the log says so, where a modality holds neither feature vectors nor has a frozen encoder, or there are fewer
    /// than two pairs. Default false: that is an error.
    /// </summary>
    public bool Optional { get; init; }

    /// <summary>
    /// Slots of the embedding that the closed form has, 1 or more; the towers have the rest. Null (default): half of
    /// <see cref="GentleClipOptions.EmbeddingDimension"/>. Used with <see cref="ClosedFormRole.BesideTowers"/>; alone it has all. A closed form
    /// that is wider is cut to its leading principal directions, a narrower one is padded with zeros.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int? Dimension
    {
        get => _dimension;
        init => _dimension = value is { } number ? Check.InRange(number, 1, 16384, nameof(Dimension)) : null;
    }

    /// <summary>Principal components kept of each modality, 1 or more. Default 64.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int PrincipalComponents
    {
        get => _principalComponents;
        init => _principalComponents = Check.InRange(value, 1, int.MaxValue, nameof(PrincipalComponents));
    }

    /// <summary>Ridge of both covariances in units of their mean eigenvalue, 1e-6 to 1e6. Default 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double Ridge
    {
        get => _ridge;
        init => _ridge = Check.InRange(value, 1e-6, 1e6, nameof(Ridge));
    }

    /// <summary>A direction of canonical correlation s weighs (s / largest) to this power in the inner product, 0 or more. Default 2.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public double Power
    {
        get => _power;
        init => _power = Check.NotNegative(value, nameof(Power));
    }

    /// <summary>
    /// Weight of the linear part in the inner product of the fit to the pairs, against <see cref="KernelWeight"/>, 0 or more; 0 leaves it out
    /// everywhere. Default 1.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public double LinearWeight
    {
        get => _linearWeight;
        init => _linearWeight = Check.NotNegative(value, nameof(LinearWeight));
    }

    /// <summary>
    /// Weight of the kernel part in the inner product of the fit to the pairs, against <see cref="LinearWeight"/>, 0 or more; 0 leaves it out
    /// everywhere. Default 2.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public double KernelWeight
    {
        get => _kernelWeight;
        init => _kernelWeight = Check.NotNegative(value, nameof(KernelWeight));
    }

    /// <summary>Kernel anchors of each modality, 2 or more; of more pairs a random subset (Nystroem). Time grows with its cube. Default 1000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 2.</exception>
    public int MaximumAnchors
    {
        get => _maximumAnchors;
        init => _maximumAnchors = Check.InRange(value, 2, int.MaxValue, nameof(MaximumAnchors));
    }

    /// <summary>
    /// Which closed form is fitted. Default <see cref="ClosedFormMethod.Chosen"/>: the pairs decide, and <see cref="ClosedFormReport.Choice"/> says what
    /// they said.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public ClosedFormMethod Method
    {
        get => _method;
        init => _method = Check.Defined(value, nameof(Method));
    }

    /// <summary>
    /// Whether the choice starts from linear ridge canonical correlation instead of the blend, so that it takes another closed form only where the
    /// pairs show that it is better: hardly ever worse than linear, and a little less gain. Used with <see cref="ClosedFormMethod.Chosen"/>. Default false.
    /// </summary>
    public bool Strict { get; init; }

    /// <summary>Rounds of transport in the final fit, 1 to 1000. Default 8.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int TransportRounds
    {
        get => _transportRounds;
        init => _transportRounds = Check.InRange(value, 1, 1000, nameof(TransportRounds));
    }

    /// <summary>
    /// Unpaired samples of each modality in the plan of transport, 2 or more; of more a random sample. Time and memory grow with its square.
    /// Default 4000.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 2.</exception>
    public int MaximumTransportRows
    {
        get => _maximumTransportRows;
        init => _maximumTransportRows = Check.InRange(value, 2, int.MaxValue, nameof(MaximumTransportRows));
    }

    /// <summary>
    /// Self-training: mutual best matches among the unpaired samples join the pairs, a few times. Used with <see cref="ClosedFormMethod.SelfTraining"/>.
    /// Default <see cref="ClosedFormPart.Gated"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public ClosedFormPart SelfTraining
    {
        get => _selfTraining;
        init => _selfTraining = Check.Defined(value, nameof(SelfTraining));
    }

    /// <summary>Rounds of self-training, 1 to 1000. Default 6.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int SelfTrainingRounds
    {
        get => _selfTrainingRounds;
        init => _selfTrainingRounds = Check.InRange(value, 1, 1000, nameof(SelfTrainingRounds));
    }

    /// <summary>Most pseudo-pairs of a round of self-training, 1 or more. Default 300.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int PseudoPairs
    {
        get => _pseudoPairs;
        init => _pseudoPairs = Check.InRange(value, 1, int.MaxValue, nameof(PseudoPairs));
    }

    /// <summary>Weight of all pseudo-pairs together, 0 to below 1; the matched pairs have the rest. Default 0.5.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public double PseudoPairWeight
    {
        get => _pseudoPairWeight;
        init => _pseudoPairWeight = Check.InRangeExclusive(value, 0, 1, nameof(PseudoPairWeight));
    }

    /// <summary>
    /// Features of each modality's neighbour graph as a third part: better transfer of labels where the modalities' geometries disagree,
    /// ruinous to good retrieval. Default <see cref="ClosedFormPart.Off"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a value of the enumeration.</exception>
    public ClosedFormPart Spectral
    {
        get => _spectral;
        init => _spectral = Check.Defined(value, nameof(Spectral));
    }

    /// <summary>
    /// Whether half the mean embedding of the ten nearest training samples is added to each embedding: better transfer of labels, nothing on retrieval.
    /// Default false.
    /// </summary>
    public bool Smoothing { get; init; }

    /// <summary>
    /// Unpaired samples of each modality that take part in transport, self-training and smoothing, 1 or more; of more a random sample, and of that
    /// transport takes <see cref="MaximumTransportRows"/>. Time of self-training grows with its square. Default 10000.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1.</exception>
    public int MaximumUnpairedRows
    {
        get => _maximumUnpairedRows;
        init => _maximumUnpairedRows = Check.InRange(value, 1, int.MaxValue, nameof(MaximumUnpairedRows));
    }
}
