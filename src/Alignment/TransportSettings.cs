using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>Transport self-training, and the choice between the closed forms.</summary>
internal sealed record TransportSettings
{
    /// <summary>Rounds of the final fit.</summary>
    public int Rounds { get; init => field = Check.InRange(value, 1, 1000, nameof(Rounds)); } = 8;

    /// <summary>Rounds in each fold of the choice.</summary>
    public int FoldRounds { get; init => field = Check.InRange(value, 1, 1000, nameof(FoldRounds)); } = 4;

    /// <summary>Folds of the pairs; fewer where there are fewer pairs.</summary>
    public int Folds { get; init => field = Check.InRange(value, 2, int.MaxValue, nameof(Folds)); } = 5;

    /// <summary>Regularisation of the first round's plan, in standard deviations of the cosines.</summary>
    public double FirstRegularization { get; init => field = Check.Positive(value, nameof(FirstRegularization)); } = 0.5;

    /// <summary>That of the last round; between them it falls geometrically.</summary>
    public double LastRegularization { get; init => field = Check.Positive(value, nameof(LastRegularization)); } = 0.03;

    /// <summary>Ridge of the last round as a share of the first one's, which is <see cref="AlignmentSettings.Ridge"/>; geometric between them.</summary>
    public double LastRidge { get; init => field = Check.Positive(value, nameof(LastRidge)); } = 0.3;

    /// <summary>Scalings of columns and rows for a plan.</summary>
    public int Iterations { get; init => field = Check.InRange(value, 1, int.MaxValue, nameof(Iterations)); } = 20;

    /// <summary>q: 1 makes all rows and columns of the plan weigh the same; below 1 rows without counterparts may weigh less (unbalanced transport).</summary>
    public double Damping { get; init => field = Check.InRange(value, 1e-3, 1, nameof(Damping)); } = 1;

    /// <summary>Weight of the whole plan; the pairs have the rest.</summary>
    public double PlanWeight { get; init => field = Check.InRangeExclusive(value, 0d, 1d, nameof(PlanWeight)); } = 0.5;

    /// <summary>Rows of pairs that are kernel anchors of their side at most.</summary>
    public int PairAnchors { get; init => field = Check.InRange(value, 0, int.MaxValue, nameof(PairAnchors)); } = 250;

    /// <summary>Unpaired rows that are kernel anchors of their side; they need no partner.</summary>
    public int RandomAnchors { get; init => field = Check.InRange(value, 0, int.MaxValue, nameof(RandomAnchors)); } = 150;

    /// <summary>Unpaired rows per side below which there is no transport.</summary>
    public int FewestRows { get; init => field = Check.InRange(value, 2, int.MaxValue, nameof(FewestRows)); } = 100;

    /// <summary>Unpaired rows per side in the final plans; of more, a random sample. Time and memory grow with its square.</summary>
    public int MaximumRows { get; init => field = Check.InRange(value, 2, int.MaxValue, nameof(MaximumRows)); } = 4000;

    /// <summary>Unpaired rows per side in the folds.</summary>
    public int FoldRows { get; init => field = Check.InRange(value, 2, int.MaxValue, nameof(FoldRows)); } = 1000;

    /// <summary>Whether the choice starts from linear ridge canonical correlation, which then stays unless the pairs show that another form is
    /// better.</summary>
    public bool Strict { get; init; }

    /// <summary>Numbers of a plan up to which it is computed in float64; a larger one in float32 with float64 scalings.</summary>
    public long ExactElements { get; init => field = Check.InRange(value, 0, long.MaxValue, nameof(ExactElements)); } = 1 << 20;
}
