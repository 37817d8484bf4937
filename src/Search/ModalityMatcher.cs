using System.Runtime.Intrinsics;
using Microsoft.ML.GentleClip.Evaluation;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Search;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Finds for a row of one modality the row of a bank of the other that belongs to it, says how sure that is and whether there may be none,
/// and translates the row into the other modality's input. Made by <c>mlContext.GentleClip().CreateModalityMatcher(...)</c> from the
/// embeddings of a fitted model; as a step of a pipeline, which is saved with it, by <c>mlContext.Transforms.MatchModalities(...)</c>.
/// </summary>
/// <remarks>
/// <para>A damped optimal transport plan (q = 0.8) between a sample of queries and a sample of the bank, at most 4,000 rows each, gives
/// every bank row a potential g: rows that are near to everything get a low one. A query shares itself out among the bank's rows as
/// softmax(cosine / temperature + g); the largest share is the match, so that hubs do not take all. The result of a query does not depend
/// on the others that are asked.</para>
/// <para>With held-out pairs, probabilities come from two ridge logistic regressions on three numbers of the query: how far the best row is
/// ahead of the next, how near the bank is as a whole, and the best row's cosine. Each pair is seen with and without its partner in the
/// bank. Without pairs the figures are the plan's own: good for an order, not as probabilities.</para>
/// <para>Immutable and thread-safe. It holds the bank: its embeddings, and its input rows where there is something to translate to.</para>
/// </remarks>
public sealed class ModalityMatcher
{
    private const double SameCosine = 1 - 1e-5; // of a pair's partner to a bank row that is the partner: batches of other sizes change last bits

    private readonly EmbeddingRows _rows;
    private readonly double[] _potentials;
    private readonly MatchBank _bank;
    private readonly MatchCalibration? _calibration;
    private readonly double _usualEnergy; // median of the queries that the plan was made with

    private ModalityMatcher(MatchBank bank, double[] potentials, double temperature, MatchCalibration? calibration, double usualEnergy)
    {
        (_bank, _rows, _potentials, Temperature, _calibration, _usualEnergy) = (bank, bank.Rows, potentials, temperature, calibration, usualEnergy);
    }

    /// <summary>Length of the embeddings.</summary>
    public int Dimension => _rows.Dimension;

    /// <summary>Rows of the bank that can be found.</summary>
    public int Count => _rows.Count;

    /// <summary>Rows of the bank left out, because their embedding or the input to translate to is absent.</summary>
    public long SkippedRowCount => _bank.SkippedRowCount;

    /// <summary>
    /// What cosines are divided by: 0.1 standard deviations of the cosines between queries and bank, unless another regularisation was asked for.
    /// </summary>
    public double Temperature { get; }

    /// <summary>Whether probabilities were calibrated on held-out pairs.</summary>
    public bool IsCalibrated => _calibration is not null;

    /// <summary>Pairs that they were calibrated on.</summary>
    public int CalibrationPairCount { get; private init; }

    /// <summary>
    /// Expected calibration error of the confidence, 0 to 1, by 5-fold cross-validation on the pairs: the mean difference, in ten classes
    /// of confidence, between the confidence and the share of right matches. Null without pairs. With few pairs, much of it is chance.
    /// </summary>
    public double? CalibrationError { get; private init; }

    /// <summary>Share of the pairs whose partner, put into the bank, was the best match. Null without pairs.</summary>
    public double? CalibrationAccuracy { get; private init; }

    /// <summary>Whether the bank's identifiers are known.</summary>
    internal bool HasIds => _bank.Ids is not null;

    /// <summary>Slots of a translation; 0 where the bank has no input to translate to.</summary>
    internal int InputDimension => _bank.InputDimension;

    internal static ModalityMatcher Create(
        EmbeddingRows queries, MatchBank bank, EmbeddingPairReader? pairs, double noPartnerShare, double regularization, CancellationToken cancellationToken)
    {
        using var random = new RandomSource(0); // samples and folds are the same in every run
        var plan = MatchPotentials.Of(queries, bank.Rows, regularization, random.Managed("sample"), cancellationToken);
        var potentials = plan.Of(bank.Rows, cancellationToken);
        var uncalibrated = new ModalityMatcher(bank, potentials, plan.Temperature, null, 0);
        var energies = uncalibrated.Energies(queries, cancellationToken);
        if (pairs is null)
            return new ModalityMatcher(bank, potentials, plan.Temperature, null, energies);
        var examples = uncalibrated.Examples(pairs, plan.Of(pairs.B, cancellationToken), cancellationToken);
        var (fit, error) = MatchCalibration.Of(examples, noPartnerShare, random.Managed("folds"));
        return new ModalityMatcher(bank, potentials, plan.Temperature, fit, energies)
        {
            CalibrationPairCount = examples.Length,
            CalibrationError = error,
            CalibrationAccuracy = examples.Average(example => example.IsRight ? 1.0 : 0),
        };
    }

    /// <summary>What a save has to hold beside the bank.</summary>
    internal ModalityMatcherPlan ToPlan() => new(
        Temperature, _usualEnergy, _calibration?.ToState(), CalibrationPairCount, CalibrationError, CalibrationAccuracy);

    /// <summary>The bank.</summary>
    internal MatchBank Bank => _bank;

    /// <summary>Of each row of the bank.</summary>
    internal double[] Potentials => _potentials;

    /// <summary>A matcher that was saved.</summary>
    internal static ModalityMatcher Restore(MatchBank bank, double[] potentials, ModalityMatcherPlan plan) =>
        new(bank, potentials, plan.Temperature, plan.Calibration is null ? null : MatchCalibration.Restore(plan.Calibration), plan.UsualEnergy)
        {
            CalibrationPairCount = plan.CalibrationPairCount,
            CalibrationError = plan.CalibrationError,
            CalibrationAccuracy = plan.CalibrationAccuracy,
        };

    /// <summary>The best row for an embedding.</summary>
    /// <param name="embedding">Of length <see cref="Dimension"/>; it need not be a unit vector.</param>
    /// <returns>The match; null where the embedding has a NaN.</returns>
    /// <exception cref="ArgumentException">The embedding has another length.</exception>
    /// <exception cref="InvalidOperationException">The embedding has an infinite value.</exception>
    public ModalityMatch? Match(ReadOnlySpan<float> embedding)
    {
        var work = new Work(Count);
        return Compare(embedding, nameof(embedding), 0, work) ? Match(work) : null;
    }

    /// <summary>Translates an embedding: the mean of the bank's input rows, weighted by the query's shares.</summary>
    /// <param name="embedding">Of length <see cref="Dimension"/>.</param>
    /// <returns>A row of the bank's input; null where the embedding has a NaN.</returns>
    /// <exception cref="ArgumentException">The embedding has another length.</exception>
    /// <exception cref="InvalidOperationException">The matcher was made without <c>bankInputColumnName</c>, or the embedding has an
    /// infinite value.</exception>
    public float[]? Translate(ReadOnlySpan<float> embedding)
    {
        if (InputDimension == 0)
            throw new InvalidOperationException("There is nothing to translate to: the matcher was made without bankInputColumnName.");
        var (work, target) = (new Work(Count), new float[InputDimension]);
        if (!Compare(embedding, nameof(embedding), 0, work))
            return null;
        Translate(work, target);
        return target;
    }

    /// <summary>Compares an embedding with the bank.</summary>
    /// <returns>Whether there is an embedding.</returns>
    internal bool Compare(ReadOnlySpan<float> embedding, string name, long row, Work work)
    {
        if (embedding.Length != Dimension && embedding.Length > 0)
            throw new ArgumentException($"The embedding has {embedding.Length} dimensions; expected {Dimension}.", nameof(embedding));
        if (EmbeddingColumnReader.IsAbsent(embedding, name, row))
            return false;
        var query = new EmbeddingRows(Dimension, 1);
        query.Add(embedding);
        Compare(query.Row(0), work);
        return true;
    }

    /// <summary>The match of the embedding that was compared.</summary>
    internal ModalityMatch Match(Work work)
    {
        var evidence = MatchEvidence.Of(work.Cosines, work.Exponents, Temperature)!.Value;
        var (confidence, noPartner) = _calibration?.Probabilities(evidence) ?? Uncalibrated(evidence);
        return new ModalityMatch(_bank.Numbers[evidence.Best], _bank.Ids?[evidence.Best], (float)evidence.Cosine, (float)confidence, (float)noPartner);
    }

    /// <summary>Translates the embedding that was compared.</summary>
    internal void Translate(Work work, Span<float> target)
    {
        var sum = MatchPotentials.LogSumExp(work.Exponents);
        work.Mean ??= new double[InputDimension];
        Array.Clear(work.Mean);
        for (var row = 0; row < Count; row++)
        {
            var share = Math.Exp(work.Exponents[row] - sum);
            if (share < 1e-12) // far below the last bit of a Single
                continue;
            var input = _bank.Inputs![row];
            for (var slot = 0; slot < input.Length; slot++)
                work.Mean[slot] += share * input[slot];
        }
        for (var slot = 0; slot < target.Length; slot++)
            target[slot] = (float)work.Mean[slot];
    }

    private void Compare(ReadOnlySpan<Vector256<float>> query, Work work)
    {
        MatchPotentials.Cosines(query, _rows, work.Cosines);
        for (var row = 0; row < work.Cosines.Length; row++)
            work.Exponents[row] = (work.Cosines[row] / Temperature) + _potentials[row];
    }

    // The plan's own figures: the largest share, and how much less than usual the damped plan would carry from the query.
    private (double Confidence, double NoPartner) Uncalibrated(MatchEvidence evidence)
    {
        var noPartner = 1 - Math.Min(1, Math.Exp((evidence.Energy - _usualEnergy) / Temperature * (1 - MatchPotentials.Damping)));
        return (evidence.Share * (1 - noPartner), noPartner);
    }

    private double Energies(EmbeddingRows queries, CancellationToken cancellationToken)
    {
        var count = Math.Min(queries.Count, MatchPotentials.MaximumRows);
        var energies = new double[count];
        Parallel.For(0, count, new ParallelOptions { CancellationToken = cancellationToken }, () => new Work(Count), (i, _, work) =>
        {
            Compare(queries.Row((int)((long)i * queries.Count / count)), work);
            energies[i] = MatchPotentials.LogSumExp(work.Exponents) * Temperature;
            return work;
        }, _ => { });
        Array.Sort(energies);
        return energies[count / 2];
    }

    private MatchCalibration.Example[] Examples(EmbeddingPairReader pairs, double[] partnerPotentials, CancellationToken cancellationToken)
    {
        var examples = new MatchCalibration.Example[pairs.A.Count];
        var options = new ParallelOptions { CancellationToken = cancellationToken };
        Parallel.For(0, examples.Length, options, () => (Work: new Work(Count + 1), Others: new double[Count]), (pair, _, own) =>
        {
            var work = own.Work;
            MatchPotentials.Cosines(pairs.B.Row(pair), _rows, own.Others); // which bank rows are the partner itself
            MatchPotentials.Cosines(pairs.A.Row(pair), _rows, work.Cosines);
            work.Cosines[Count] = System.Numerics.Tensors.TensorPrimitives.Dot(pairs.A.Values(pair), pairs.B.Values(pair));
            for (var row = 0; row < Count; row++)
                work.Exponents[row] = own.Others[row] >= SameCosine ? double.NegativeInfinity : (work.Cosines[row] / Temperature) + _potentials[row];
            work.Exponents[Count] = double.NegativeInfinity;
            var without = MatchEvidence.Of(work.Cosines, work.Exponents, Temperature);
            work.Exponents[Count] = (work.Cosines[Count] / Temperature) + partnerPotentials[pair];
            var with = MatchEvidence.Of(work.Cosines, work.Exponents, Temperature)!.Value;
            examples[pair] = new MatchCalibration.Example(with, with.Best == Count, without);
            return own;
        }, _ => { });
        return examples;
    }

    /// <summary>Room for one query at a time.</summary>
    internal sealed class Work(int rows)
    {
        public double[] Cosines { get; } = new double[rows];

        public double[] Exponents { get; } = new double[rows];

        public double[]? Mean { get; set; }
    }
}
