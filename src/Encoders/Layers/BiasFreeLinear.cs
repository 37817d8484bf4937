using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A linear layer without bias, named and initialised as PyTorch's.</summary>
internal sealed class BiasFreeLinear : nn.Module<Tensor, Tensor>
{
    private readonly Parameter weight;

    /// <summary>Creates a layer of <paramref name="inputs"/> to <paramref name="outputs"/>.</summary>
    public BiasFreeLinear(long inputs, long outputs, Generator generator) : base(nameof(BiasFreeLinear))
    {
        using var scope = NewDisposeScope();
        weight = Owned.Parameter(Owned.Uniform(1 / Math.Sqrt(inputs), generator, outputs, inputs));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => WeightCasts.Linear(input, weight);
}
