using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Evaluation;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Search;

/// <summary>
/// What a damped transport plan between a sample of queries and a sample of the bank leaves for rows that were in neither: the temperature
/// and the potentials f of the queries, from which every bank row gets its own, g_j = -q · log sum_i exp(s_ij / temperature + f_i).
/// </summary>
internal sealed class MatchPotentials
{
    /// <summary>Rows of each side in the plan at most.</summary>
    public const int MaximumRows = 4000;

    /// <summary>q of the plan.</summary>
    public const double Damping = 0.8; // below 1 a row without a counterpart may weigh less

    private readonly EmbeddingRows _queries;
    private readonly double[] _potentials; // [queries]

    private MatchPotentials(EmbeddingRows queries, double[] potentials, double temperature) =>
        (_queries, _potentials, Temperature) = (queries, potentials, temperature);

    /// <summary>What cosines are divided by.</summary>
    public double Temperature { get; }

    /// <summary>Computes the plan.</summary>
    /// <param name="queries">Unit rows.</param>
    /// <param name="bank">Unit rows.</param>
    /// <param name="regularization">In standard deviations of the cosines.</param>
    /// <param name="random">Draws the samples.</param>
    /// <param name="cancellationToken">Stops between scalings.</param>
    public static MatchPotentials Of(
        EmbeddingRows queries, EmbeddingRows bank, double regularization, ManagedGenerator random, CancellationToken cancellationToken)
    {
        using var threads = ThreadCountLease.Acquire(null, cancellationToken: cancellationToken);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var sample = Sample(queries, random);
        var plan = TransportPlan.Between(
            ToTensor(sample), ToTensor(Sample(bank, random)), regularization,
            new TransportSettings { Damping = Damping }, cancellationToken: cancellationToken);
        return new MatchPotentials(sample, plan.PotentialsA.to(ScalarType.Float64).cpu().data<double>().ToArray(), plan.Temperature);
    }

    /// <summary>g of each row of the bank's side.</summary>
    public double[] Of(EmbeddingRows rows, CancellationToken cancellationToken)
    {
        var result = new double[rows.Count];
        Parallel.For(0, rows.Count, new ParallelOptions { CancellationToken = cancellationToken }, row =>
        {
            var exponents = new double[_queries.Count];
            Cosines(rows.Row(row), _queries, exponents);
            for (var i = 0; i < exponents.Length; i++)
                exponents[i] = (exponents[i] / Temperature) + _potentials[i];
            result[row] = -Damping * LogSumExp(exponents);
        });
        return result;
    }

    /// <summary>Cosines of a row to others.</summary>
    public static void Cosines(ReadOnlySpan<System.Runtime.Intrinsics.Vector256<float>> row, EmbeddingRows others, double[] cosines)
    {
        for (var group = 0; group < others.Groups; group++)
        {
            var products = Similarity<DotProduct>.Of(row, others.GroupOfRows(group));
            for (var lane = 0; lane < EmbeddingRows.Group && (group * EmbeddingRows.Group) + lane < others.Count; lane++)
                cosines[(group * EmbeddingRows.Group) + lane] = products[lane];
        }
    }

    /// <summary>log sum exp, without overflow.</summary>
    public static double LogSumExp(ReadOnlySpan<double> exponents)
    {
        var (largest, sum) = (double.NegativeInfinity, 0.0);
        foreach (var exponent in exponents)
            largest = Math.Max(largest, exponent);
        if (double.IsNegativeInfinity(largest))
            return largest;
        foreach (var exponent in exponents)
            sum += Math.Exp(exponent - largest);
        return largest + Math.Log(sum);
    }

    private static EmbeddingRows Sample(EmbeddingRows rows, ManagedGenerator random)
    {
        if (Rows.Sample(rows.Count, MaximumRows, random) is not { } numbers)
            return rows;
        var sample = new EmbeddingRows(rows.Dimension, numbers.Length, scale: false);
        foreach (var number in numbers)
            sample.Add(rows.Values((int)number));
        return sample;
    }

    private static Tensor ToTensor(EmbeddingRows rows)
    {
        var values = new float[(long)rows.Count * rows.Dimension];
        for (var row = 0; row < rows.Count; row++)
            rows.Values(row).CopyTo(values.AsSpan(row * rows.Dimension));
        return tensor(values, [rows.Count, rows.Dimension]);
    }
}
