using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers.FineTuning;

/// <summary>
/// Minimises a smooth convex function by L-BFGS (Nocedal and Wright, "Numerical Optimization", algorithm 7.5) with a preconditioner and steps that are halved
/// until they help. Nothing is random about it: the same function gives the same bits.
/// </summary>
internal static class Lbfgs
{
    private const int Kept = 10;

    // A step must gain this share of what the slope promises; the last is what rounding takes.
    private const double SmallestShare = 1e-4, Rounding = 1e-15, SmallestStep = 1e-10;

    /// <summary>Where a minimisation ended.</summary>
    /// <param name="Point">The point.</param>
    /// <param name="Value">What the function is there.</param>
    /// <param name="Iterations">Steps taken.</param>
    /// <param name="Excess">About how much more that is than the minimum, twice.</param>
    public sealed record Result(Tensor Point, double Value, int Iterations, double Excess);

    /// <summary>Minimises.</summary>
    /// <param name="start">Where to begin, float64.</param>
    /// <param name="evaluate">The function and its gradient; the caller's scope owns the gradient.</param>
    /// <param name="precondition">What the inverse of the second derivative makes of a gradient, about.</param>
    /// <param name="tolerance">The <see cref="Result.Excess"/> at which it ends.</param>
    /// <param name="mostIterations">Steps after which it ends in any case.</param>
    /// <param name="onIteration">Told steps and value after each step; may throw to stop.</param>
    /// <returns>The minimum; the caller's scope owns the point.</returns>
    /// <exception cref="ArithmeticException">The function is not finite at the start.</exception>
    public static Result Minimize(
        Tensor start, Func<Tensor, (double Value, Tensor Gradient)> evaluate, Func<Tensor, Tensor> precondition, double tolerance, int mostIterations,
        Action<int, double> onIteration)
    {
        using var scope = NewDisposeScope();
        var memory = new List<(Tensor Step, Tensor Change, double Product)>();
        var point = start.clone();
        var (value, gradient) = evaluate(point);
        if (!double.IsFinite(value))
            throw new ArithmeticException($"The function is {value} at the start; expected a finite number.");
        for (var iteration = 0; ; iteration++)
        {
            using var inner = NewDisposeScope();
            var direction = Direction(gradient, memory, precondition);
            var slope = Dot(direction, gradient);
            if (!(-slope > tolerance) || iteration == mostIterations || Next() is not { } next)
                return new Result(point.MoveToOuterDisposeScope(), value, iteration, -slope);
            Remember(next.Point - point, next.Gradient - gradient);
            point.Dispose();
            gradient.Dispose();
            (point, value, gradient) = (next.Point.MoveToOuterDisposeScope(), next.Value, next.Gradient.MoveToOuterDisposeScope());
            onIteration(iteration + 1, value);

            (Tensor Point, double Value, Tensor Gradient)? Next()
            {
                for (var size = 1.0; size >= SmallestStep; size /= 2)
                {
                    var there = point.Plus(direction.Times(size));
                    var (found, foundGradient) = evaluate(there);
                    if (found <= value + SmallestShare * size * slope + Rounding * Math.Abs(value))
                        return (there, found, foundGradient);
                    there.Dispose();
                    foundGradient.Dispose();
                }
                return null; // rounding is all that is left
            }
        }

        void Remember(Tensor step, Tensor change)
        {
            var product = Dot(step, change);
            if (!(product > 0))
                return;
            if (memory.Count == Kept)
            {
                memory[0].Step.Dispose();
                memory[0].Change.Dispose();
                memory.RemoveAt(0);
            }
            memory.Add((step.MoveToOuterDisposeScope(), change.MoveToOuterDisposeScope(), product));
        }
    }

    // The two loops: minus the inverse of the second derivative, as the last steps have shown it, times the gradient.
    private static Tensor Direction(Tensor gradient, List<(Tensor Step, Tensor Change, double Product)> memory, Func<Tensor, Tensor> precondition)
    {
        using var scope = NewDisposeScope();
        var direction = gradient.neg();
        var shares = new double[memory.Count];
        for (var i = memory.Count - 1; i >= 0; i--)
        {
            shares[i] = Dot(memory[i].Step, direction) / memory[i].Product;
            direction = direction - memory[i].Change.Times(shares[i]);
        }
        direction = precondition(direction);
        if (memory.Count > 0)
        {
            var (_, change, product) = memory[^1];
            direction = direction.Times(product / Dot(change, precondition(change)));
        }
        for (var i = 0; i < memory.Count; i++)
            direction = direction.Plus(memory[i].Step.Times(shares[i] - Dot(memory[i].Change, direction) / memory[i].Product));
        return direction.MoveToOuterDisposeScope();
    }

    private static double Dot(Tensor a, Tensor b)
    {
        using var scope = NewDisposeScope();
        return (a * b).sum().item<double>();
    }
}
