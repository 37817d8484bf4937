using Microsoft.ML.GentleClip.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter 2019) and clipping of the gradient's global norm. Weight matrices
/// decay; biases, normalisation weights and the logit scale do not.
/// </summary>
internal sealed class AdamW : IDisposable
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.999;
    private const double Epsilon = 1e-8;

    private readonly (Parameter Parameter, Tensor Mean, Tensor Square)[] _slots;
    private readonly double[] _shares;
    private readonly double _weightDecay;
    private int _step;

    /// <summary>Creates the optimiser with zero moments; frozen parameters are left out.</summary>
    /// <param name="parameters">What to train.</param>
    /// <param name="weightDecay">Share of a weight, times the learning rate, that a step takes off.</param>
    /// <param name="shareOfRate">What a parameter's learning rate is of that of a step; null for all of it.</param>
    public AdamW(IEnumerable<Parameter> parameters, double weightDecay, Func<Parameter, double>? shareOfRate = null)
    {
        _weightDecay = weightDecay;
        _slots = [.. parameters.Where(parameter => parameter.requires_grad)
            .Select(parameter => (parameter, zeros_like(parameter).DetachFromDisposeScope(), zeros_like(parameter).DetachFromDisposeScope()))];
        _shares = [.. _slots.Select(slot => shareOfRate?.Invoke(slot.Parameter) ?? 1)];
        foreach (var (parameter, mean, square) in _slots)
        {
            mean.requires_grad = false;
            square.requires_grad = false;
        }
    }

    /// <summary>Steps that were taken, which the correction of the moments depends on.</summary>
    public int StepsTaken
    {
        get => _step;
        set => _step = value;
    }

    /// <summary>The moments in the order of the parameters, by name, for a checkpoint.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Moments =>
        _slots.SelectMany((slot, i) => new[] { KeyValuePair.Create($"mean.{i}", slot.Mean), KeyValuePair.Create($"square.{i}", slot.Square) });

    /// <summary>Forgets the gradients of the last step.</summary>
    public void ZeroGradients()
    {
        using var scope = NewDisposeScope();
        foreach (var (parameter, _, _) in _slots)
            parameter.grad?.zero_();
    }

    /// <summary>Updates the parameters from their gradients, scaled down to <paramref name="largestNorm"/> where they exceed it.</summary>
    /// <returns>Norm of the gradient before clipping; when it is not finite nothing was updated.</returns>
    public double Step(double learningRate, double largestNorm)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var gradients = _slots.Select(slot => slot.Parameter.grad).ToArray();
        var present = gradients.Where(gradient => gradient is not null).Select(gradient => gradient!.norm()).ToList();
        if (present.Count == 0)
            return 0;
        var norm = stack(present).norm().to(ScalarType.Float64).item<double>();
        if (!double.IsFinite(norm))
            return norm;

        _step++;
        var scale = norm > largestNorm ? largestNorm / norm : 1;
        var correction1 = 1 - Math.Pow(Beta1, _step);
        var correction2 = Math.Sqrt(1 - Math.Pow(Beta2, _step));
        for (var i = 0; i < _slots.Length; i++)
        {
            if (gradients[i] is not { } gradient)
                continue;
            var (parameter, mean, square) = _slots[i];
            var rate = learningRate * _shares[i];
            if (scale < 1)
                gradient.mul_(Scalars.Of(scale));
            if (_weightDecay > 0 && parameter.Dimensions > 1)
                parameter.mul_(Scalars.Of(1 - rate * _weightDecay));
            mean.mul_(Scalars.Of(Beta1)).add_(gradient, Scalars.Of(1 - Beta1));
            square.mul_(Scalars.Of(Beta2)).addcmul_(gradient, gradient, Scalars.Of(1 - Beta2));
            parameter.addcdiv_(mean, square.sqrt().div_(Scalars.Of(correction2)).AddInPlace(Epsilon), Scalars.Of(-rate / correction1));
        }
        return norm;
    }

    /// <summary>Frees the moments.</summary>
    public void Dispose()
    {
        foreach (var (_, mean, square) in _slots)
        {
            mean.Dispose();
            square.Dispose();
        }
    }
}
