namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>Walks through all scores from the highest down, and keeps precision and recall.</summary>
internal sealed class ScoreSweep
{
    // Sums are kept up to date by differences; thresholds whose F-scores differ by rounding alone count as equal.
    private const double Tolerance = 1e-12;

    private readonly MultiLabelScores _data;
    private readonly int[] _labelsOfRows;
    private readonly int _annotated;

    /// <summary>Walks once.</summary>
    public ScoreSweep(MultiLabelScores data, CancellationToken cancellationToken)
    {
        _data = data;
        _labelsOfRows = data.LabelsOfRows();
        _annotated = _labelsOfRows.Count(labels => labels > 0);
        AveragePrecision = double.NaN;
        if (_annotated == 0)
            return;

        var keys = data.Scores.ToArray();
        var items = new int[keys.Length];
        for (var i = 0; i < items.Length; i++)
            items[i] = i;
        Array.Sort(keys, items);

        var (predicted, right) = (new int[data.RowCount], new int[data.RowCount]);
        double precisions = 0, recalls = 0, averagePrecision = 0;
        long rowsWithPrediction = 0, hits = 0, positives = _labelsOfRows.Sum(labels => (long)labels);
        var (best, bestThreshold, bestOnGrid, bestGridStep, gridStep) = (-1.0, float.NaN, -1.0, 0, data.AreProbabilities ? 100 : 0);
        for (var end = keys.Length; end > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var score = keys[end - 1];
            // Thresholds of the grid above this score see the predictions so far.
            for (; gridStep > 0 && Grid(gridStep) > score; gridStep--)
                TakeGrid();
            var hitsBefore = hits;
            for (; end > 0 && keys[end - 1] == score; end--)
            {
                var (row, isRight) = (items[end - 1] / data.LabelCount, data.Labels[items[end - 1]]);
                hits += isRight ? 1 : 0;
                if (_labelsOfRows[row] == 0 || float.IsNegativeInfinity(score))
                    continue;
                var before = predicted[row] == 0 ? 0 : (double)right[row] / predicted[row];
                rowsWithPrediction += predicted[row] == 0 ? 1 : 0;
                predicted[row]++;
                right[row] += isRight ? 1 : 0;
                precisions += (double)right[row] / predicted[row] - before;
                recalls += isRight ? 1.0 / _labelsOfRows[row] : 0;
            }
            averagePrecision += (double)(hits - hitsBefore) / positives * hits / (keys.Length - end);
            if (!float.IsNegativeInfinity(score) && !(data.AreProbabilities && score == 0) && Current() is var current && current > best + Tolerance)
                (best, bestThreshold) = (current, score);
        }
        for (; gridStep > 0; gridStep--)
            TakeGrid();
        AveragePrecision = averagePrecision;
        AllThresholds = At(bestThreshold, bestThreshold);
        CafaThresholds = data.AreProbabilities ? At(Grid(bestGridStep), bestGridStep / 100.0) : null;

        double Current() => rowsWithPrediction == 0 ? 0 : FMaxMetrics.FScore(precisions / rowsWithPrediction, recalls / _annotated);

        void TakeGrid()
        {
            if (Current() is var current && current > bestOnGrid + Tolerance)
                (bestOnGrid, bestGridStep) = (current, gridStep);
        }
    }

    /// <summary>The best F-score over all scores as thresholds; null without annotated rows.</summary>
    public FMaxMetrics? AllThresholds { get; }

    /// <summary>The best over 0.01, 0.02, ..., 1; null without annotated rows or where scores are no probabilities.</summary>
    public FMaxMetrics? CafaThresholds { get; }

    /// <summary>Average precision over all rows and labels; NaN without annotated rows.</summary>
    public double AveragePrecision { get; }

    /// <summary>Rows that have a label.</summary>
    public int AnnotatedRowCount => _annotated;

    /// <summary>Average precision of one label; NaN where no row has it.</summary>
    public static double OfLabel(MultiLabelScores data, int label)
    {
        var (keys, labels) = (new float[data.RowCount], new bool[data.RowCount]);
        for (var row = 0; row < keys.Length; row++)
            (keys[row], labels[row]) = (data.Scores[row * data.LabelCount + label], data.Labels[row * data.LabelCount + label]);
        Array.Sort(keys, labels);
        var positives = labels.AsSpan().Count(true);
        var (hits, sum) = (0, 0.0);
        for (var end = keys.Length; end > 0;)
        {
            var (score, hitsBefore) = (keys[end - 1], hits);
            for (; end > 0 && keys[end - 1] == score; end--)
                hits += labels[end - 1] ? 1 : 0;
            sum += (double)(hits - hitsBefore) * hits / (keys.Length - end);
        }
        return sum / positives;
    }

    // In single precision, as the scores are: the score 0.7 is not below the threshold 0.7.
    private static float Grid(int step) => (float)(step / 100.0);

    /// <summary>The measures at a threshold, summed row by row.</summary>
    private FMaxMetrics At(float threshold, double shown)
    {
        double precisions = 0, recalls = 0;
        var rows = 0;
        for (var row = 0; row < _data.RowCount; row++)
        {
            if (_labelsOfRows[row] == 0)
                continue;
            int predicted = 0, right = 0;
            for (var i = row * _data.LabelCount; i < (row + 1) * _data.LabelCount; i++)
            {
                predicted += _data.Scores[i] >= threshold ? 1 : 0;
                right += _data.Scores[i] >= threshold && _data.Labels[i] ? 1 : 0;
            }
            rows += predicted > 0 ? 1 : 0;
            precisions += predicted > 0 ? (double)right / predicted : 0;
            recalls += (double)right / _labelsOfRows[row];
        }
        return new(shown, rows == 0 ? 0 : precisions / rows, recalls / _annotated, (double)rows / _annotated);
    }
}
