using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A linear layer with the published initialisation, under the name that checkpoints give it.</summary>
internal sealed class BertDense : nn.Module<Tensor, Tensor>
{
    private readonly Linear dense;

    /// <summary>Creates the layer with fresh weights.</summary>
    public BertDense(long inputs, long outputs, Generator generator) : base(nameof(BertDense))
    {
        dense = BertStart.Linear(inputs, outputs, generator);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => dense.forward(input);
}
