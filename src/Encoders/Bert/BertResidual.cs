using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A linear layer whose output is added to a residual and then normalised.</summary>
internal sealed class BertResidual : nn.Module
{
    private readonly Linear dense;
    private readonly LayerNormalization LayerNorm;

    /// <summary>Creates the layer with fresh weights.</summary>
    public BertResidual(long inputs, long outputs, Generator generator) : base(nameof(BertResidual))
    {
        dense = BertStart.Linear(inputs, outputs, generator);
        LayerNorm = new LayerNormalization(outputs, BertStart.LayerNormEpsilon);
        RegisterComponents();
    }

    /// <summary>Number of parameters of such a layer.</summary>
    public static long CountParameters(long inputs, long outputs) => Encoders.Linear.CountWeights(inputs, outputs) + 2 * outputs;

    /// <summary>The normalised sum.</summary>
    public Tensor Add(Tensor residual, Tensor x, BertDropout dropout) => LayerNorm.forward(residual.Plus(dropout.Apply(dense.forward(x))));
}
