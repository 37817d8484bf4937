using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Trainers.FineTuning;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Tests.FineTuning;

/// <summary>The solved head against plain arithmetic: the loss is the formula's, and no head near it is better.</summary>
[TestClass]
public sealed class HeadProblemTests
{
    private const int Rows = 40, Features = 5;
    private const double Regularization = 0.05;

    private readonly Random _random = new(7);

    [TestMethod]
    [DataRow(FineTuningTask.Multiclass, Rows)]
    [DataRow(FineTuningTask.Binary, Rows)]
    [DataRow(FineTuningTask.MultiLabel, Rows)]
    [DataRow(FineTuningTask.Regression, Rows)]
    [DataRow(FineTuningTask.Multiclass, 4)] // fewer rows than features
    [DataRow(FineTuningTask.Regression, 4)]
    public void TheSolutionIsTheMinimum(FineTuningTask task, int rows)
    {
        var (label, columns, labels, weights) = Labels(task, rows);
        double[][] features = Standardized(rows);
        var (mean, scale) = (Enumerable.Range(0, Features).Select(i => i - 2.0).ToArray(), Enumerable.Range(0, Features).Select(i => 1.0 / (1 + i)).ToArray());
        // What the encoder gives: the same before it is standardised.
        float[] raw = [.. features.SelectMany(row => row.Select((value, i) => (float)(value / scale[i] + mean[i])))];
        double[][] seen = [.. raw.Chunk(Features).Select(row => row.Select((value, k) => (value - mean[k]) * scale[k]).ToArray())];

        var before = LiveTensors.Settled();
        using (NewDisposeScope())
        {
            using var problem = new HeadProblem(label, columns, weights, tensor(raw, [rows, Features]),
                tensor([.. labels.SelectMany(row => row)], [rows, label.Width]), tensor(mean), tensor(scale));
            var start = problem.Start(new double[columns.Length]);
            var iterations = 0;
            var found = problem.Solve(Regularization, start, (_, _) => iterations++);
            Assert.AreEqual(found.Iterations, iterations);
            var again = problem.Solve(Regularization, start, (_, _) => { });
            double[] point = found.Point.data<double>().ToArray();
            CollectionAssert.AreEqual(point, again.Point.data<double>().ToArray(), "the same bits");

            // The value at the solution, by the formula.
            var (loss, penalty) = Objective(task, columns, labels, weights, seen, point);
            Assert.AreEqual(loss + penalty, found.Value, 1e-9);
            Assert.AreEqual(task == FineTuningTask.MultiLabel ? loss / columns.Length : loss, problem.Loss(found.Point), 1e-9);
            // Nothing near it is better, in any direction.
            for (var i = 0; i < point.Length; i++)
                foreach (var step in new[] { 1e-3, -1e-3 })
                {
                    double[] near = [.. point];
                    near[i] += step;
                    var (other, otherPenalty) = Objective(task, columns, labels, weights, seen, near);
                    Assert.IsGreaterThan(loss + penalty - 1e-8, other + otherPenalty, $"{i}, {step}");
                }
            Assert.IsGreaterThan(0.01, point.Max(Math.Abs), "the solution is nothing");
        }
        LiveTensors.AssertAtMost(before);
    }

    [TestMethod]
    public void WideProblemsGoWithoutACovariance()
    {
        // Above 2,048 features; the mean of the rows of each class is all that there is to learn.
        const int width = 2100;
        using var scope = NewDisposeScope();
        float[] raw = [.. Enumerable.Range(0, 12 * width).Select(i => (float)(_random.NextDouble() + (i / width % 2 == 0 && i % width < 20 ? 2 : 0)))];
        using var problem = new HeadProblem(new LabelSpec(FineTuningTask.Binary, 1), [0], [1, 1], tensor(raw, [12, width]),
            tensor([.. Enumerable.Range(0, 12).Select(i => i % 2 == 0 ? 1f : 0)], [12, 1]), zeros(width, ScalarType.Float64), ones(width, ScalarType.Float64));
        var found = problem.Solve(0.01, problem.Start([0]), (_, _) => { });
        Assert.IsLessThan(0.1, problem.Loss(found.Point));
        Assert.IsLessThan(1e-8, found.Excess);
    }

    // What can be learnt are the classes 0, 2 and 3 of four, or the labels 0 and 2 of three, some of which are not known.
    private (LabelSpec Label, int[] Columns, float[][] Labels, float[] Weights) Labels(FineTuningTask task, int rows)
    {
        int[] classes = [0, 2, 3];
        return task switch
        {
            FineTuningTask.Multiclass => (new LabelSpec(task, 4), classes, Each(i => [classes[i % 3]]), [1, 1, 0.5f, 3]),
            FineTuningTask.Binary => (new LabelSpec(task, 1), [0], Each(i => [i % 3 == 0 ? 1 : 0]), [2, 0.7f]),
            FineTuningTask.MultiLabel => (new LabelSpec(task, 3), [0, 2], Each(i => [i % 3 == 0 ? 1 : 0, 0, i % 5 == 1 ? float.NaN : i % 2]),
                [2, 1, 3, 0.5f, 1, 0.8f]),
            _ => (new LabelSpec(task, 1), [0], Each(i => [(float)(_random.NextDouble() + i % 4)]), [1, 1]),
        };

        float[][] Each(Func<int, float[]> label) => [.. Enumerable.Range(0, rows).Select(label)];
    }

    private double[][] Standardized(int rows) =>
        [.. Enumerable.Range(0, rows).Select(i => Enumerable.Range(0, Features).Select(k => 2 * _random.NextDouble() - 1 + (k == i % 3 ? 0.5 : 0)).ToArray())];

    // In plain loops: the mean losses, summed over labels, and the regularisation.
    private static (double Loss, double Penalty) Objective(
        FineTuningTask task, int[] columns, float[][] labels, float[] weights, double[][] features, double[] point)
    {
        var (width, count) = (Features + 1, columns.Length);
        double Output(double[] row, int k) => point[k * width + Features] + row.Select((value, i) => value * point[k * width + i]).Sum();
        var penalty = Regularization / 2 * Enumerable.Range(0, point.Length).Where(i => i % width != Features).Sum(i => point[i] * point[i]);
        var loss = 0.0;
        if (task == FineTuningTask.Multiclass)
        {
            var total = labels.Sum(label => (double)weights[(int)label[0]]);
            for (var i = 0; i < features.Length; i++)
            {
                double[] outputs = [.. Enumerable.Range(0, count).Select(k => Output(features[i], k))];
                var own = Array.IndexOf(columns, (int)labels[i][0]);
                loss += weights[columns[own]] / total * (Math.Log(outputs.Sum(Math.Exp)) - outputs[own]);
            }
            return (loss, penalty);
        }
        if (task == FineTuningTask.Regression)
            return (features.Zip(labels).Average(row => Math.Pow(Output(row.First, 0) - row.Second[0], 2)), penalty);
        var all = weights.Length / 2;
        for (var k = 0; k < count; k++)
        {
            var (sum, total) = (0.0, 0.0);
            for (var i = 0; i < features.Length; i++)
            {
                var label = labels[i][columns[k]];
                if (float.IsNaN(label))
                    continue;
                double weight = weights[label > 0 ? columns[k] : all + columns[k]], output = Output(features[i], k);
                sum += weight * Math.Log(1 + Math.Exp(label > 0 ? -output : output));
                total += weight;
            }
            loss += sum / total;
        }
        return (loss, penalty);
    }
}
