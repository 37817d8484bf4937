namespace Microsoft.ML.GentleClip.Search;

/// <summary>
/// Ridge logistic regression on a few numbers, by Newton's method; the numbers are standardised, the penalty is half the squared length of their weights.
/// Targets are Platt's ("Probabilistic Outputs for Support Vector Machines", 1999), so that examples that are all of one kind give no certainty.
/// </summary>
internal sealed class LogisticFit
{
    private const int MaximumSteps = 50;
    private const double SmallestStep = 1e-9;
    private const double SmallestDeviation = 1e-12;

    private readonly double[] _means;
    private readonly double[] _scales; // 1 / standard deviation, 0 for a constant
    private readonly double[] _weights; // the last is the bias

    private LogisticFit(double[] means, double[] scales, double[] weights) => (_means, _scales, _weights) = (means, scales, weights);

    /// <summary>What it learned, to be saved.</summary>
    /// <param name="Means">Of the numbers.</param>
    /// <param name="Scales">1 / standard deviation of each, 0 for a constant.</param>
    /// <param name="Weights">Of the standardised numbers; the last is the bias.</param>
    internal sealed record State(double[] Means, double[] Scales, double[] Weights)
    {
        /// <summary>Whether it is of as many numbers.</summary>
        public bool IsOf(int count) => Means?.Length == count && Scales?.Length == count && Weights?.Length == count + 1;
    }

    /// <summary>What it learned.</summary>
    public State ToState() => new(_means, _scales, _weights);

    /// <summary>A fit that was saved.</summary>
    public static LogisticFit Restore(State state) => new(state.Means, state.Scales, state.Weights);

    /// <summary>Fits.</summary>
    /// <param name="examples">Numbers, whether it is so, and the weight of each example.</param>
    public static LogisticFit Of(IReadOnlyList<(double[] Features, bool IsTrue, double Weight)> examples)
    {
        var count = examples[0].Features.Length;
        double total = examples.Sum(example => example.Weight), positive = examples.Sum(example => example.IsTrue ? example.Weight : 0);
        var (high, low) = ((positive + 1) / (positive + 2), 1 / (total - positive + 2));
        var (means, scales) = (new double[count], new double[count]);
        for (var k = 0; k < count; k++)
        {
            var mean = means[k] = examples.Sum(example => example.Weight * example.Features[k]) / total;
            var deviation = Math.Sqrt(examples.Sum(example => example.Weight * Square(example.Features[k] - mean)) / total);
            scales[k] = deviation > SmallestDeviation ? 1 / deviation : 0;
        }
        var fit = new LogisticFit(means, scales, new double[count + 1]);
        var rows = examples.Select(example => (X: fit.Standardized(example.Features), Target: example.IsTrue ? high : low, example.Weight)).ToArray();
        var loss = fit.Loss(rows);
        for (var step = 0; step < MaximumSteps; step++)
        {
            var direction = fit.Direction(rows);
            // Newton's step, halved until it helps: far from the minimum a whole one may overshoot.
            var (size, before, next) = (1.0, (double[])fit._weights.Clone(), double.PositiveInfinity);
            for (; size > SmallestStep; size /= 2)
            {
                for (var k = 0; k <= count; k++)
                    fit._weights[k] = before[k] + (size * direction[k]);
                if ((next = fit.Loss(rows)) <= loss)
                    break;
            }
            if (!(next < loss - (SmallestStep * Math.Abs(loss))))
                break;
            loss = next;
        }
        return fit;
    }

    /// <summary>The probability that it is so.</summary>
    public double Probability(double[] features) => 1 / (1 + Math.Exp(-Score(Standardized(features))));

    private static double Square(double x) => x * x;

    private double[] Standardized(double[] features) => [.. features.Select((value, k) => (value - _means[k]) * _scales[k]), 1];

    private double Score(double[] x)
    {
        var score = 0.0;
        for (var k = 0; k < x.Length; k++)
            score += _weights[k] * x[k];
        return score;
    }

    private double Loss((double[] X, double Target, double Weight)[] rows)
    {
        var loss = _weights[..^1].Sum(Square) / 2;
        foreach (var (x, target, weight) in rows)
        {
            var score = Score(x);
            loss += weight * (Math.Max(score, 0) + Math.Log(1 + Math.Exp(-Math.Abs(score))) - (target * score));
        }
        return loss;
    }

    private double[] Direction((double[] X, double Target, double Weight)[] rows)
    {
        var n = _weights.Length;
        var (gradient, hessian) = (new double[n], new double[n, n]);
        for (var k = 0; k < n - 1; k++)
            (gradient[k], hessian[k, k]) = (_weights[k], 1);
        hessian[n - 1, n - 1] = 1e-9; // saturated examples leave the bias no curvature
        foreach (var (x, target, weight) in rows)
        {
            var probability = 1 / (1 + Math.Exp(-Score(x)));
            for (var k = 0; k < n; k++)
            {
                gradient[k] += weight * (probability - target) * x[k];
                for (var l = 0; l < n; l++)
                    hessian[k, l] += weight * probability * (1 - probability) * x[k] * x[l];
            }
        }
        return Solve(hessian, gradient);
    }

    // -H^-1 g by elimination with the largest pivot of a column.
    private static double[] Solve(double[,] matrix, double[] gradient)
    {
        var n = gradient.Length;
        double[] right = [.. gradient.Select(value => -value)];
        for (var column = 0; column < n; column++)
        {
            var pivot = Enumerable.Range(column, n - column).MaxBy(row => Math.Abs(matrix[row, column]));
            for (var k = 0; k < n; k++)
                (matrix[column, k], matrix[pivot, k]) = (matrix[pivot, k], matrix[column, k]);
            (right[column], right[pivot]) = (right[pivot], right[column]);
            for (var row = column + 1; row < n; row++)
            {
                var factor = matrix[row, column] / matrix[column, column];
                for (var k = column; k < n; k++)
                    matrix[row, k] -= factor * matrix[column, k];
                right[row] -= factor * right[column];
            }
        }
        for (var row = n - 1; row >= 0; row--)
        {
            for (var k = row + 1; k < n; k++)
                right[row] -= matrix[row, k] * right[k];
            right[row] /= matrix[row, row];
        }
        return right;
    }
}
