using System.Globalization;
using Microsoft.ML.GentleClip.Models;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>What a training ends with: losses and gradients are looked at in each step, but nothing looks at what the last step made of the weights.</summary>
internal static class FiniteWeights
{
    /// <summary>Checks the weights that a training changed.</summary>
    /// <param name="model">At the end.</param>
    /// <param name="steps">Steps taken.</param>
    /// <exception cref="ArithmeticException">Some are not finite; the message names the first.</exception>
    public static void Check(SidedModel model, int steps)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, value) in model.ChangingWeights())
            if (value.is_floating_point() && !value.isfinite().all().item<bool>())
                throw new ArithmeticException(string.Create(CultureInfo.InvariantCulture,
                    $"After step {steps} weights of '{name}' are not finite. Lower the learning rate or the weight decay, or look for extreme values in the "
                    + $"input columns."));
    }
}
