using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A linear layer one name further in, as in Hugging Face's checkpoints; its initial weights are Xavier's.</summary>
internal sealed class ViTDense : nn.Module<Tensor, Tensor>
{
    private readonly Linear dense;

    /// <summary>Creates a layer of <paramref name="inputs"/> to <paramref name="outputs"/>.</summary>
    public ViTDense(long inputs, long outputs, Generator generator) : base(nameof(ViTDense))
    {
        dense = Xavier(inputs, outputs, generator);
        RegisterComponents();
    }

    /// <summary>A linear layer with Xavier's initial weights and bias 0.</summary>
    public static Linear Xavier(long inputs, long outputs, Generator generator) =>
        new(inputs, outputs, generator, Math.Sqrt(6.0 / (inputs + outputs)), biasBound: 0);

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => dense.forward(input);
}
