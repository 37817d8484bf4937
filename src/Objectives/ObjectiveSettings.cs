namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>Weights of the terms and how each is computed. The defaults are the recommended ones; a weight of zero leaves a term out.</summary>
internal sealed record ObjectiveSettings
{
    /// <summary>alpha of equation 9: weight of the contrastive and, times mu, of the self-supervised terms.</summary>
    public double ContrastiveWeight { get; init; } = 1;

    /// <summary>mu of equation 8.</summary>
    public double SelfSupervisedWeight { get; init; } = 0.1;

    /// <summary>delta of equation 9.</summary>
    public double MmdWeight { get; init; } = 1;

    /// <summary>eta of equation 9.</summary>
    public double SddWeight { get; init; } = 1;

    /// <summary>Form of equation 7.</summary>
    public SelfSupervisedForm SelfSupervisedForm { get; init; } = SelfSupervisedForm.SimCse;

    /// <summary>Form of equation 2.</summary>
    public MkMmdSettings Mmd { get; init; } = new();

    /// <summary>Form of equations 3 to 6.</summary>
    public SddSettings Sdd { get; init; } = new();

    /// <summary>Rows above which the pairwise terms run in row blocks, with memory that grows with the batch instead of its square.</summary>
    public int BlockSize { get; init; } = Pairwise.DefaultBlockSize;
}
