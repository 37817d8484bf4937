using System.Globalization;
using Microsoft.ML.GentleClip.Models;

namespace Microsoft.ML.GentleClip.Trainers.FineTuning;

/// <summary>How often each class or label occurs among the rows of a training, and what follows: weights, and what the head begins with.</summary>
internal sealed class LabelShares
{
    // So low that softmax and sigmoid of it are 0 and 1 exactly, whatever the rows: nothing is learnt of what no row, or every row, has.
    private const float Never = -1e9f;

    private const int Listed = 10;

    private readonly LabelSpec _spec;
    private readonly long[] _with;
    private readonly long[] _known;

    /// <summary>Counts the labels.</summary>
    /// <exception cref="InvalidOperationException">There is nothing to learn: one class only, all labels or numbers alike.</exception>
    public LabelShares(LabelSpec spec, IEnumerable<float[]> labels, string column)
    {
        (_spec, _with, _known) = (spec, new long[spec.Count], new long[spec.Count]);
        var (sum, squares, lowest, highest) = (0d, 0d, double.PositiveInfinity, double.NegativeInfinity);
        foreach (var row in labels)
        {
            Count++;
            for (var i = 0; i < row.Length; i++)
            {
                if (float.IsNaN(row[i]))
                    continue;
                if (spec.Task == FineTuningTask.Multiclass)
                {
                    _with[(int)row[i]]++;
                    continue;
                }
                _known[i]++;
                if (spec.Task == FineTuningTask.Regression)
                {
                    // Welford's update.
                    var difference = row[i] - sum;
                    sum += difference / Count;
                    squares += difference * (row[i] - sum);
                    (lowest, highest) = (Math.Min(lowest, row[i]), Math.Max(highest, row[i]));
                }
                else if (row[i] > 0)
                    _with[i]++;
            }
        }
        (Mean, StandardDeviation) = (sum, Math.Sqrt(squares / Math.Max(1, Count)));
        if (spec.Task == FineTuningTask.Multiclass)
            Array.Fill(_known, Count);
        Check(column, lowest, highest);
    }

    /// <summary>Number of rows.</summary>
    public long Count { get; private set; }

    /// <summary>Mean of numbers.</summary>
    public double Mean { get; }

    /// <summary>Standard deviation of numbers.</summary>
    public double StandardDeviation { get; }

    /// <summary>Whether any row has a class or label.</summary>
    public bool Has(int number) => _with[number] > 0;

    /// <summary>The classes that rows have, or the labels that some rows have and others have not; 0 for numbers.</summary>
    public int[] Learnable => _spec.Task == FineTuningTask.Regression ? [0]
        : [.. Enumerable.Range(0, _spec.Count).Where(i => Has(i) && (_spec.Task == FineTuningTask.Multiclass || !IsAlways(i)))];

    /// <summary>What cannot be learnt, in sentences; empty where all can.</summary>
    public IEnumerable<string> Remarks
    {
        get
        {
            if (_spec.Task == FineTuningTask.Regression)
                yield break;
            int[] never = [.. Enumerable.Range(0, _spec.Count).Where(i => _with[i] == 0)];
            if (never.Length > 0)
                yield return _spec.Task == FineTuningTask.Multiclass
                    ? $"No row is of {never.Length} of {_spec.Count} classes, which are never predicted: {List(never)}."
                    : $"No row has {never.Length} of {_spec.Count} labels, whose probability is therefore 0 for all rows: {List(never)}.";
            int[] always = _spec.Task == FineTuningTask.Multiclass ? [] : [.. Enumerable.Range(0, _spec.Count).Where(i => IsAlways(i))];
            if (always.Length > 0)
                yield return $"Every row has {always.Length} of {_spec.Count} labels, whose probability is therefore 1 for all rows: {List(always)}.";
        }
    }

    /// <summary>Weights of rows by class; for labels of those that have one, then of those that have not, <c>[2 * labels]</c>.</summary>
    public float[] Weights(ClassWeighting weighting)
    {
        if (_spec.Task == FineTuningTask.Multiclass)
        {
            var present = _with.Count(count => count > 0);
            return [.. _with.Select(count => Weight(weighting, (double)Count / present, count))];
        }
        return
        [
            .. Enumerable.Range(0, _spec.Count).Select(i => Weight(weighting, _known[i] / 2d, _with[i])),
            .. Enumerable.Range(0, _spec.Count).Select(i => Weight(weighting, _known[i] / 2d, _known[i] - _with[i])),
        ];
    }

    /// <summary>The outputs that are right before a row is seen: logarithms of weighted shares.</summary>
    public float[] Prior(ClassWeighting weighting)
    {
        if (_spec.Task == FineTuningTask.Regression)
            return new float[1];
        var weights = Weights(weighting);
        if (_spec.Task == FineTuningTask.Multiclass)
        {
            var all = Enumerable.Range(0, _spec.Count).Sum(i => (double)weights[i] * _with[i]);
            return [.. Enumerable.Range(0, _spec.Count).Select(i => _with[i] == 0 ? Never : (float)Math.Log(weights[i] * _with[i] / all))];
        }
        return
        [
            .. Enumerable.Range(0, _spec.Count).Select(i => _with[i] == 0 ? Never : IsAlways(i) ? -Never
                : (float)Math.Log(weights[i] * _with[i] / ((double)weights[_spec.Count + i] * (_known[i] - _with[i])))),
        ];
    }

    /// <summary>Names of classes or labels, the first ten.</summary>
    public string List(int[] numbers) =>
        string.Join(", ", numbers.Take(Listed).Select(_spec.NameOf)) + (numbers.Length > Listed ? ", ..." : "");

    private bool IsAlways(int number) => _with[number] > 0 && _with[number] == _known[number];

    private static float Weight(ClassWeighting weighting, double fairShare, long count) => weighting == ClassWeighting.None || count == 0 ? 1
        : (float)(weighting == ClassWeighting.Balanced ? fairShare / count : Math.Sqrt(fairShare / count));

    private void Check(string column, double lowest, double highest)
    {
        var problem = _spec.Task switch
        {
            FineTuningTask.Multiclass when _with.Count(count => count > 0) < 2 =>
                $"all {Count} rows are of one class, '{_spec.NameOf(Array.FindIndex(_with, count => count > 0))}'; expected two or more",
            FineTuningTask.Binary when _with[0] == 0 || _with[0] == Count => $"all {Count} rows are {(_with[0] > 0 ? "true" : "false")}; expected both",
            FineTuningTask.Regression when lowest == highest =>
                string.Create(CultureInfo.InvariantCulture, $"all {Count} rows are {lowest}; expected different numbers"),
            FineTuningTask.MultiLabel when !Enumerable.Range(0, _spec.Count).Any(i => _with[i] > 0 && !IsAlways(i)) =>
                $"no label is had by some of the {Count} rows and not by others; expected one that is",
            _ => null,
        };
        if (problem is not null)
            throw new InvalidOperationException($"Nothing can be learnt from label column '{column}': {problem}.");
    }
}
