using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers.FineTuning;

/// <summary>
/// The best linear head for features that stay as they are, in float64: mean loss of the rows plus half the squared weights times a regularisation. Points are
/// `[labels, features + 1]`, the last column the bias, which is not regularised; features are standardised. It is made and used in one dispose scope.
/// </summary>
/// <remarks>Rows are looked at in passes, so that beside the features no memory grows with their number.</remarks>
internal sealed class HeadProblem : IDisposable
{
    private const int RowsOfPass = 1024;

    // Enough for a covariance that is only to show the way; above so many features it would cost more than it saves.
    private const int RowsOfPreconditioner = 4096, MostPreconditioned = 2048;

    private const int MostIterations = 1000;
    private const double Tolerance = 1e-9;

    private readonly FineTuningTask _task;
    private readonly Tensor _features, _labels, _mean, _scale, _columns, _weights;
    private readonly Tensor? _places;
    private readonly Tensor _totals;
    private Tensor? _covariance;

    /// <summary>Takes rows.</summary>
    /// <param name="label">What is predicted.</param>
    /// <param name="columns">The classes or labels that can be learnt; the others have no place in a point.</param>
    /// <param name="weights">Of rows by class; of those that have a label, then of those that have not. See <see cref="LabelShares.Weights"/>.</param>
    /// <param name="features">Float32, `[rows, features]`.</param>
    /// <param name="labels">As they are read, `[rows, width]`; numbers in their unit.</param>
    /// <param name="mean">Of each feature, float64.</param>
    /// <param name="scale">1 / standard deviation of each, float64.</param>
    public HeadProblem(LabelSpec label, int[] columns, float[] weights, Tensor features, Tensor labels, Tensor mean, Tensor scale)
    {
        (_task, _features, _labels, _mean, _scale) = (label.Task, features, labels, mean, scale);
        var device = features.device;
        _columns = tensor(Array.ConvertAll(columns, column => (long)column), device: device);
        using var scope = NewDisposeScope();
        if (_task == FineTuningTask.Multiclass)
        {
            var places = new long[label.Count];
            for (var i = 0; i < columns.Length; i++)
                places[columns[i]] = i;
            _places = tensor(places, device: device).MoveToOuterDisposeScope();
        }
        var all = tensor(Array.ConvertAll(weights, weight => (double)weight), device: device);
        _weights = (_task switch
        {
            FineTuningTask.Multiclass => all.index_select(0, _columns),
            FineTuningTask.Regression => ones(1, dtype: ScalarType.Float64, device: device),
            _ => all.view(2, -1).index_select(1, _columns),
        }).MoveToOuterDisposeScope();
        _totals = Totals().MoveToOuterDisposeScope();
    }

    private long Features => _mean.size(0);

    // Labels are problems of their own, whose losses are added up.
    private long Parts => _task == FineTuningTask.MultiLabel ? _columns.size(0) : 1;

    /// <summary>A point whose weights are 0.</summary>
    /// <param name="bias">Of the classes or labels that can be learnt.</param>
    public Tensor Start(double[] bias)
    {
        var point = zeros(bias.Length, Features + 1, dtype: ScalarType.Float64, device: _mean.device);
        using var scope = NewDisposeScope();
        point.select(1, Features).copy_(tensor(bias));
        return point;
    }

    /// <summary>The mean loss at a point, without the regularisation; over the labels where there are many.</summary>
    public double Loss(Tensor point) => Evaluate(point, null) / Parts;

    /// <summary>The best point for a regularisation.</summary>
    /// <param name="regularization">Above 0.</param>
    /// <param name="start">Where to begin; no matter for numbers.</param>
    /// <param name="onIteration">Told each iteration and its objective, the mean over labels where there are many; may throw to stop.</param>
    public Lbfgs.Result Solve(double regularization, Tensor start, Action<int, double> onIteration)
    {
        if (_task == FineTuningTask.Regression)
            return Ridge(regularization, onIteration);
        using var scope = NewDisposeScope();
        var curvature = _task == FineTuningTask.Multiclass ? (_columns.size(0) - 1.0) / (_columns.size(0) * _columns.size(0)) : 0.25;
        using var root = Features <= MostPreconditioned ? Root(curvature, regularization) : null;
        var result = Lbfgs.Minimize(start, point => Objective(point, regularization), Precondition, Tolerance, MostIterations,
            (iteration, value) => onIteration(iteration, value / Parts));
        return result with { Point = result.Point.MoveToOuterDisposeScope() };

        Tensor Precondition(Tensor gradient)
        {
            using var inner = NewDisposeScope();
            var (weight, bias) = (gradient.narrow(1, 0, Features), gradient.narrow(1, Features, 1).Over(curvature));
            if (root is null)
                return cat([weight.Over(curvature + regularization), bias], 1).MoveToOuterDisposeScope();
            var half = linalg.solve_triangular(root, weight.t(), upper: false);
            return cat([linalg.solve_triangular(root.t(), half, upper: true).t(), bias], 1).MoveToOuterDisposeScope();
        }
    }

    /// <summary>Frees what it kept.</summary>
    public void Dispose() => _covariance?.Dispose();

    private (double Value, Tensor Gradient) Objective(Tensor point, double regularization)
    {
        using var scope = NewDisposeScope();
        var gradient = zeros_like(point);
        var loss = Evaluate(point, gradient);
        var weight = point.narrow(1, 0, Features);
        gradient.narrow(1, 0, Features).AddInPlace(weight.Times(regularization));
        return (loss + regularization / 2 * weight.Squared().sum().item<double>(), gradient.MoveToOuterDisposeScope());
    }

    // The mean loss, summed over labels; its gradient is written where it is wanted. The standardisation is folded into the weights.
    private double Evaluate(Tensor point, Tensor? gradient)
    {
        using var scope = NewDisposeScope();
        var weight = point.narrow(1, 0, Features) * _scale;
        var bias = point.select(1, Features) - weight.matmul(_mean);
        var (slope, slopeOfBias) = (zeros_like(weight), zeros_like(bias));
        var loss = zeros(1, dtype: ScalarType.Float64, device: _mean.device);
        ForEachPass(int.MaxValue, (features, labels) =>
        {
            var (value, derivative) = Losses(features.matmul(weight.t()).Plus(bias), labels);
            loss.AddInPlace(value);
            if (gradient is null)
                return;
            slope.AddInPlace(derivative.t().matmul(features));
            slopeOfBias.AddInPlace(derivative.sum(dim: 0));
        });
        if (gradient is not null)
        {
            gradient.narrow(1, 0, Features).copy_((slope - slopeOfBias.unsqueeze(1) * _mean) * _scale);
            gradient.select(1, Features).copy_(slopeOfBias);
        }
        return loss.item<double>();
    }

    // Of some rows: the sum of what they give to the mean, and its derivative by the outputs.
    private (Tensor Loss, Tensor Derivative) Losses(Tensor outputs, Tensor labels)
    {
        switch (_task)
        {
            case FineTuningTask.Multiclass:
                var classes = Places(labels).unsqueeze(1);
                var weight = _weights.index_select(0, classes.squeeze(1)).unsqueeze(1) / _totals;
                var logarithms = nn.functional.log_softmax(outputs, 1);
                var isClass = zeros_like(outputs).scatter(1, classes, ones_like(outputs));
                return ((logarithms.gather(1, classes) * weight).sum().neg(), (logarithms.exp() - isClass) * weight);
            case FineTuningTask.Regression:
                var errors = outputs - labels.to(ScalarType.Float64);
                return ((errors.Squared() / _totals).sum(), errors.Times(2L) / _totals);
            default:
                var (target, weights) = Targets(labels);
                weights = weights / _totals;
                // log(1 + exp(x)) - x t without overflow.
                var losses = (outputs.relu() - outputs * target).Plus(outputs.abs().neg().exp().log1p());
                return ((losses * weights).sum(), (outputs.sigmoid() - target) * weights);
        }
    }

    private Tensor Places(Tensor labels) => _places!.index_select(0, labels.to(ScalarType.Int64).squeeze(1));

    private (Tensor Target, Tensor Weights) Targets(Tensor labels)
    {
        var own = labels.index_select(1, _columns).to(ScalarType.Float64);
        var target = own.nan_to_num(0);
        var weights = (target * _weights[0]).Plus(target.neg().Plus(1L) * _weights[1]);
        return (target, weights * own.isnan().logical_not().to(ScalarType.Float64));
    }

    // What the weights of the rows sum to: for each label where there are many, so that a regularisation is the same for all.
    private Tensor Totals()
    {
        var totals = zeros(_task == FineTuningTask.MultiLabel ? _columns.size(0) : 1, dtype: ScalarType.Float64, device: _mean.device);
        ForEachPass(int.MaxValue, (features, labels) => totals.AddInPlace(_task switch
        {
            FineTuningTask.Multiclass => _weights.index_select(0, Places(labels)).sum(),
            FineTuningTask.Regression => tensor((double)features.size(0), device: _mean.device),
            _ => Targets(labels).Weights.sum(dim: 0),
        }));
        // A label that no validation row knows.
        return totals.clamp_min(Scalars.Of(double.Epsilon));
    }

    // The mean squared error has a minimum in closed form.
    private Lbfgs.Result Ridge(double regularization, Action<int, double> onIteration)
    {
        using var scope = NewDisposeScope();
        var (target, product) = (zeros(1, dtype: ScalarType.Float64, device: _mean.device), zeros_like(_mean));
        ForEachPass(int.MaxValue, (features, labels) =>
        {
            var own = labels.to(ScalarType.Float64) / _totals;
            target.AddInPlace(own.sum(dim: 0));
            product.AddInPlace(((features - _mean) * _scale).t().matmul(own).squeeze(1));
        });
        var (covariance, mean) = Covariance(int.MaxValue);
        // The derivative of a square has a factor of 2, that of the regularisation has none.
        var root = linalg.cholesky(covariance.Plus(Identity().Times(regularization / 2)));
        var half = linalg.solve_triangular(root, (product - mean * target).unsqueeze(1), upper: false);
        var weight = linalg.solve_triangular(root.t(), half, upper: true).squeeze(1);
        var point = cat([weight, target - (weight * mean).sum()], 0).unsqueeze(0);
        var (value, _) = Objective(point, regularization);
        onIteration(1, value);
        return new Lbfgs.Result(point.MoveToOuterDisposeScope(), value, 1, 0);
    }

    private Tensor Root(double curvature, double regularization)
    {
        using var scope = NewDisposeScope();
        _covariance ??= Covariance(RowsOfPreconditioner).Matrix.DetachFromDisposeScope();
        return linalg.cholesky(_covariance.Times(curvature).Plus(Identity().Times(regularization))).MoveToOuterDisposeScope();
    }

    private Tensor Identity() => eye(Features, dtype: ScalarType.Float64, device: _mean.device);

    // Of the standardised features of evenly spread rows.
    private (Tensor Matrix, Tensor Mean) Covariance(int mostRows)
    {
        using var scope = NewDisposeScope();
        var (sum, products, count) = (zeros_like(_mean), zeros(Features, Features, dtype: ScalarType.Float64, device: _mean.device), 0L);
        ForEachPass(mostRows, (features, _) =>
        {
            var own = (features - _mean) * _scale;
            sum.AddInPlace(own.sum(dim: 0));
            products.AddInPlace(own.t().matmul(own));
            count += own.size(0);
        });
        var mean = sum.Over((double)count);
        return ((products.Over((double)count) - mean.unsqueeze(1) * mean).MoveToOuterDisposeScope(), mean.MoveToOuterDisposeScope());
    }

    private void ForEachPass(int mostRows, Action<Tensor, Tensor> use)
    {
        var rows = _features.size(0);
        var stride = (rows + mostRows - 1) / mostRows;
        for (long at = 0; at < rows; at += RowsOfPass * stride)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(RowsOfPass * stride, rows - at);
            var (features, labels) = (_features.narrow(0, at, count), _labels.narrow(0, at, count));
            if (stride > 1)
            {
                var kept = Scalars.Range((count + stride - 1) / stride, _features.device).Times(stride);
                (features, labels) = (features.index_select(0, kept), labels.index_select(0, kept));
            }
            use(features.to(ScalarType.Float64), labels);
        }
    }
}
