using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>Settings of the closed-form alignment. The defaults are the ones that were measured (docs/alignment.md); few need changing.</summary>
internal sealed record AlignmentSettings
{
    /// <summary>2048.</summary>
    public const int DefaultBlockSize = 2048;

    /// <summary>Principal components kept of each modality, 1 or more.</summary>
    public int PrincipalComponents { get; init => field = Check.InRange(value, 1, int.MaxValue, nameof(PrincipalComponents)); } = 64;

    /// <summary>Ridge of both covariances, in units of their mean eigenvalue; from 1e-6 to 1e6.</summary>
    public double Ridge { get; init => field = Check.InRange(value, 1e-6, 1e6, nameof(Ridge)); } = 1;

    /// <summary>A direction of canonical correlation s weighs (s / largest)^power in the inner product.</summary>
    public double Power { get; init => field = Check.NotNegative(value, nameof(Power)); } = 2;

    /// <summary>Share of the linear part in the inner product, against <see cref="KernelWeight"/>.</summary>
    public double LinearWeight { get; init => field = Check.NotNegative(value, nameof(LinearWeight)); } = 1;

    /// <summary>Share of the kernel part in the inner product, against <see cref="LinearWeight"/>.</summary>
    public double KernelWeight { get; init => field = Check.NotNegative(value, nameof(KernelWeight)); } = 2;

    /// <summary>Kernel anchors a side; with more pairs (and pseudo-pairs) a random subset of them (Nystroem).</summary>
    public int MaximumAnchors { get; init => field = Check.InRange(value, 2, int.MaxValue, nameof(MaximumAnchors)); } = 1000;

    /// <summary>Width of the embedding: cut or padded with zeros to it; null leaves the natural width.</summary>
    public int? EmbeddingDimension { get; init => field = value is { } width ? Check.InRange(width, 1, int.MaxValue, nameof(EmbeddingDimension)) : null; }

    /// <summary>Which closed form is fitted.</summary>
    public ClosedFormMethod Method { get; init => field = Check.Defined(value, nameof(Method)); } = ClosedFormMethod.Chosen;

    /// <summary>Transport self-training, and the choice between the closed forms.</summary>
    public TransportSettings Transport { get; init; } = new();

    /// <summary>Self-training by mutual best matches, with <see cref="ClosedFormMethod.SelfTraining"/>.</summary>
    public SelfTrainingSettings SelfTraining { get; init; } = new();

    /// <summary>Mixing each row with its neighbours; off by default.</summary>
    public SmoothingSettings Smoothing { get; init; } = new();

    /// <summary>Features of each modality's neighbour graph; off by default.</summary>
    public SpectralSettings Spectral { get; init; } = new();

    /// <summary>Rows that are computed at a time. Sets memory, not results.</summary>
    public int BlockSize { get; init => field = Check.InRange(value, 1, int.MaxValue, nameof(BlockSize)); } = DefaultBlockSize;
}

/// <summary>Self-training: mutual best matches among the unpaired rows join the pairs, and all is fitted anew, a few times.</summary>
internal sealed record SelfTrainingSettings
{
    /// <summary>Gated by default.</summary>
    public ClosedFormPart Use { get; init => field = Check.Defined(value, nameof(Use)); }

    /// <summary>Rounds of the final fit.</summary>
    public int Rounds { get; init => field = Check.InRange(value, 1, 1000, nameof(Rounds)); } = 6;

    /// <summary>Most pseudo-pairs of a round.</summary>
    public int PseudoPairs { get; init => field = Check.InRange(value, 1, int.MaxValue, nameof(PseudoPairs)); } = 300;

    /// <summary>Weight of all pseudo-pairs together; the pairs have the rest.</summary>
    public double PseudoPairWeight { get; init => field = Check.InRangeExclusive(value, 0d, 1d, nameof(PseudoPairWeight)); } = 0.5;

    /// <summary>Neighbours of the hubness correction (CSLS) with which matches are sought.</summary>
    public int Neighbours { get; init => field = Check.InRange(value, 1, int.MaxValue, nameof(Neighbours)); } = 10;

    /// <summary>Folds of the pairs in the gate's cross-validation.</summary>
    public int GateFolds { get; init => field = Check.InRange(value, 2, int.MaxValue, nameof(GateFolds)); } = 3;

    /// <summary>Rounds of self-training in each fold.</summary>
    public int GateRounds { get; init => field = Check.InRange(value, 1, 1000, nameof(GateRounds)); } = 3;

    /// <summary>Unpaired rows a side that take part; of more, a random sample. Time grows with its square.</summary>
    public int MaximumRows { get; init => field = Check.InRange(value, 1, int.MaxValue, nameof(MaximumRows)); } = 10_000;
}

/// <summary>Adds to each unit embedding a share of the mean embedding of its neighbours in the modality's input space.</summary>
internal sealed record SmoothingSettings
{
    /// <summary>Off by default: better label transfer, nothing on retrieval. Has no gate.</summary>
    public bool Use { get; init; }

    /// <summary>Share of the neighbours' mean.</summary>
    public double Weight { get; init => field = Check.NotNegative(value, nameof(Weight)); } = 0.5;

    /// <summary>Nearest bank rows, the row itself excluded.</summary>
    public int Neighbours { get; init => field = Check.InRange(value, 1, int.MaxValue, nameof(Neighbours)); } = 10;

    /// <summary>Rows a side that are kept as bank; of more, a random sample.</summary>
    public int MaximumRows { get; init => field = Check.InRange(value, 1, int.MaxValue, nameof(MaximumRows)); } = 10_000;
}

/// <summary>
/// Adds eigenvectors of each modality's neighbour graph as a third part. Helps label transfer where geometries disagree, ruins good retrieval.
/// </summary>
internal sealed record SpectralSettings
{
    /// <summary>Off by default.</summary>
    public ClosedFormPart Use { get; init => field = Check.Defined(value, nameof(Use)); } = ClosedFormPart.Off;

    /// <summary>Neighbours of a row in the graph.</summary>
    public int Neighbours { get; init => field = Check.InRange(value, 1, int.MaxValue, nameof(Neighbours)); } = 10;

    /// <summary>Non-trivial eigenvectors.</summary>
    public int Components { get; init => field = Check.InRange(value, 1, int.MaxValue, nameof(Components)); } = 40;

    /// <summary>An eigenvector of eigenvalue e is scaled by (1 - decay e)^-1/2.</summary>
    public double Decay { get; init => field = Check.InRangeExclusive(value, 0d, 1d, nameof(Decay)); } = 0.95;

    /// <summary>Share in the inner product, where the linear and kernel parts together have 1.</summary>
    public double Weight { get; init => field = Check.Positive(value, nameof(Weight)); } = 1d / 3;

    /// <summary>Rows of the graph a side; of more, a random sample. Time grows with its cube.</summary>
    public int MaximumRows { get; init => field = Check.InRange(value, 3, int.MaxValue, nameof(MaximumRows)); } = 2000;
}
