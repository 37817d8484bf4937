using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Alignment;

/// <summary>Weights in inner products of the four unit parts of a closed form.</summary>
/// <param name="Linear">The recipe's linear part.</param>
/// <param name="Kernel">The recipe's kernel part.</param>
/// <param name="TransportLinear">Transport's linear part.</param>
/// <param name="TransportKernel">Transport's kernel part.</param>
internal readonly record struct ClosedFormWeights(double Linear, double Kernel, double TransportLinear, double TransportKernel)
{
    /// <summary>Whether it needs transport.</summary>
    public bool UsesTransport => TransportLinear + TransportKernel > 0;

    /// <summary>The weights of a method. A part without weight in the settings has none here.</summary>
    /// <param name="method">Any but the undecided one.</param>
    /// <param name="settings">Weights of the recipe's parts.</param>
    /// <param name="transport">Whether there are unpaired rows for transport; the blend does without.</param>
    public static ClosedFormWeights Of(ClosedFormMethod method, AlignmentSettings settings, bool transport)
    {
        double linear = Math.Sign(settings.LinearWeight), kernel = Math.Sign(settings.KernelWeight);
        return method switch
        {
            ClosedFormMethod.Linear => new(1, 0, 0, 0),
            ClosedFormMethod.Transport => new(0, 0, linear, kernel),
            ClosedFormMethod.Blend => transport ? new(linear, kernel, linear, kernel) : new(linear, kernel, 0, 0),
            _ => new(settings.LinearWeight, settings.KernelWeight, 0, 0),
        };
    }

    /// <summary>What may be chosen from.</summary>
    public static IReadOnlyDictionary<ClosedFormMethod, ClosedFormWeights> Candidates(AlignmentSettings settings, bool transport)
    {
        var candidates = new SortedDictionary<ClosedFormMethod, ClosedFormWeights>();
        foreach (var method in new[] { ClosedFormMethod.Blend, ClosedFormMethod.Linear, ClosedFormMethod.LinearAndKernel, ClosedFormMethod.Transport })
        {
            var weights = Of(method, settings, transport);
            var isThere = method != ClosedFormMethod.Transport || transport;
            // The linear part has no maps where the settings give it no weight.
            if (isThere && (settings.LinearWeight > 0 || method != ClosedFormMethod.Linear))
                candidates.Add(method, weights);
        }
        return candidates;
    }

    /// <summary>Unit rows of unit parts `[n, width]` each: two, or four with transport. Parts of weight 0 are left out.</summary>
    public Tensor Join(IReadOnlyList<Tensor> parts)
    {
        using var scope = NewDisposeScope();
        double[] weights = [Linear, Kernel, TransportLinear, TransportKernel];
        var chosen = parts.Zip(weights).Where(part => part.Second > 0).Select(part => part.First.Times(Math.Sqrt(part.Second))).ToArray();
        return Rows.Unit(cat(chosen, 1)).MoveToOuterDisposeScope();
    }
}
