using Microsoft.ML.GentleClip.Runtime;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Normalise, activate, drop, map linearly and, ahead of the convolution, normalise, activate and drop again.</summary>
internal sealed class CdConvPath : nn.Module
{
    /// <summary>Of the activation below 0.</summary>
    public const double Slope = 0.1;

    private const double Momentum = 0.2;

    private readonly Layers module;

    /// <summary>Creates a path of <paramref name="inputs"/> to <paramref name="outputs"/> channels.</summary>
    public CdConvPath(long inputs, long outputs, bool normalizeOutput, Generator generator) : base(nameof(CdConvPath))
    {
        module = new Layers(inputs, outputs, normalizeOutput, generator);
        RegisterComponents();
    }

    /// <summary><c>[nodes, outputs]</c> of <c>[nodes, inputs]</c>; dropout and the batch's statistics where there is noise.</summary>
    public Tensor Follow(Tensor x, double dropout, NoiseSource? noise)
    {
        using var scope = NewDisposeScope();
        x = module.Linear.forward(Activate(module.Before, x, dropout, noise));
        return (module.After is { } after ? Activate(after, x, dropout, noise) : x).MoveToOuterDisposeScope();
    }

    /// <summary>Number of weights of such a path, buffers included.</summary>
    public static long CountWeights(long inputs, long outputs, bool normalizeOutput) =>
        BatchNormalization.CountWeights(inputs) + inputs * outputs + (normalizeOutput ? BatchNormalization.CountWeights(outputs) : 0);

    private static Tensor Activate(BatchNormalization normalization, Tensor x, double dropout, NoiseSource? noise)
    {
        x = normalization.Normalize(x, training: noise is not null).leaky_relu(Scalars.Of(Slope));
        return noise is null ? x : noise.Dropout(x, dropout);
    }

    // The public checkpoints number the layers of a sequence, those without weights included.
    private sealed class Layers : nn.Module
    {
        [ComponentName(Name = "0")]
        private readonly BatchNormalization _before;

        [ComponentName(Name = "3")]
        private readonly BiasFreeLinear _linear;

        [ComponentName(Name = "4")]
        private readonly BatchNormalization? _after;

        public Layers(long inputs, long outputs, bool normalizeOutput, Generator generator) : base(nameof(Layers))
        {
            _before = new BatchNormalization(inputs, Momentum);
            _linear = new BiasFreeLinear(inputs, outputs, generator);
            _after = normalizeOutput ? new BatchNormalization(outputs, Momentum) : null;
            RegisterComponents();
        }

        public BatchNormalization Before => _before;

        public BiasFreeLinear Linear => _linear;

        public BatchNormalization? After => _after;
    }
}
