using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>A statistic of a matrix of affinities, which <see cref="PairStatistics"/> computes together with others of the same matrix.</summary>
/// <param name="Matrix">The rows that are compared.</param>
internal abstract record PairRequest(PairMatrix Matrix)
{
    /// <summary>Whether it is made of squared distances; else of inner products.</summary>
    public abstract bool OfDistances { get; }

    /// <summary>Taken only where others want the matrix anyway.</summary>
    public virtual bool IsGuest => false;

    /// <summary>The scalars that it depends on; a gradient flows to those that want one.</summary>
    public abstract IReadOnlyList<Tensor> Scalars { get; }

    /// <summary>Numbers in the result, for a matrix of this size.</summary>
    public abstract long Length(long rows, long columns);
}

/// <summary>One number: the sum of the Gaussian kernel exp(-d² / (2 bandwidth²)) over all pairs of rows.</summary>
/// <param name="Matrix">The rows that are compared.</param>
/// <param name="SquaredBandwidth">A scalar without a gradient.</param>
/// <param name="ExcludeSelf">Leaves out a row's kernel with itself.</param>
internal sealed record GaussianRequest(PairMatrix Matrix, Tensor SquaredBandwidth, bool ExcludeSelf) : PairRequest(Matrix)
{
    public override bool OfDistances => true;

    public override IReadOnlyList<Tensor> Scalars => [SquaredBandwidth];

    public override long Length(long rows, long columns) => 1;
}

/// <summary>One number: the sum of a polynomial kernel over all pairs of rows.</summary>
/// <param name="Matrix">The rows that are compared.</param>
/// <param name="Kernel">The kernel.</param>
/// <param name="ExcludeSelf">Leaves out a row's kernel with itself.</param>
internal sealed record PolynomialRequest(PairMatrix Matrix, PolynomialKernel Kernel, bool ExcludeSelf) : PairRequest(Matrix)
{
    public override bool OfDistances => false;

    public override IReadOnlyList<Tensor> Scalars => [];

    public override long Length(long rows, long columns) => 1;
}

/// <summary>The log-sum-exp of each row's scaled affinities, followed by that of each column where there is a scale for it.</summary>
/// <param name="Matrix">The rows that are compared.</param>
/// <param name="Affinity">What compares two rows.</param>
/// <param name="RowScale">A positive scalar.</param>
/// <param name="ColumnScale">A positive scalar, which may be <paramref name="RowScale"/>; null for no columns.</param>
/// <param name="Excluded">The first so many pairs (i, i) are left out.</param>
/// <param name="Leading">The first so many rows and columns only; null for all. For guests.</param>
internal sealed record LogSumExpRequest(
    PairMatrix Matrix, Affinity Affinity, Tensor RowScale, Tensor? ColumnScale = null, long Excluded = 0, long? Leading = null) : PairRequest(Matrix)
{
    public override bool OfDistances => Affinity == Affinity.NegativeSquaredDistance;

    public override bool IsGuest => Leading is not null;

    public override IReadOnlyList<Tensor> Scalars => ColumnScale is null ? [RowScale] : [RowScale, ColumnScale];

    public override long Length(long rows, long columns) => Rows(rows) + (ColumnScale is null ? 0 : Rows(columns));

    /// <summary>Rows, or columns, that take part.</summary>
    public long Rows(long all) => Leading ?? all;
}
