using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// y = x W' + b with PyTorch's names and default initialisation, uniform in +-1/sqrt(inputs), drawn from a generator of ours
/// (TorchSharp's own layer draws from the process-wide one). Other bounds may be given.
/// </summary>
internal sealed class Linear : nn.Module<Tensor, Tensor>
{
    private readonly Parameter weight;
    private readonly Parameter bias;

    /// <summary>Creates a layer of <paramref name="inputs"/> to <paramref name="outputs"/>.</summary>
    public Linear(long inputs, long outputs, Generator generator, double? weightBound = null, double? biasBound = null) : base(nameof(Linear))
    {
        using var scope = NewDisposeScope();
        var bound = 1 / Math.Sqrt(inputs);
        weight = Owned.Parameter(Owned.Uniform(weightBound ?? bound, generator, outputs, inputs));
        bias = Owned.Parameter(Owned.Uniform(biasBound ?? bound, generator, outputs));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => WeightCasts.Linear(input, weight, bias);

    /// <summary>Number of weights of such a layer.</summary>
    public static long CountWeights(long inputs, long outputs) => (inputs + 1) * outputs;
}
