using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Objectives;

/// <summary>The learnable logit scale, kept as its logarithm: ln(1 / temperature).</summary>
internal static class LogitScale
{
    /// <summary>CLIP's temperature at the start.</summary>
    public const double InitialTemperature = 0.07;

    /// <summary>The largest logarithm: a temperature of 0.01.</summary>
    public static readonly double Maximum = Math.Log(100);

    /// <summary>Brings the parameter back into [0, ln 100]. For after the optimizer's step: inside the graph the clamp would stop its gradient.</summary>
    public static void Clamp(Tensor logScale)
    {
        using var noGrad = no_grad();
        logScale.clamp_(Scalars.Zero, Scalars.Of(Maximum));
    }
}
