using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Layer normalisation over the last dimension, named as in PyTorch's checkpoints.</summary>
internal sealed class LayerNormalization : nn.Module<Tensor, Tensor>
{
    private readonly double _epsilon;
    private readonly long[] _shape;
    private readonly Parameter weight;
    private readonly Parameter bias;

    /// <summary>Creates the layer with weight 1 and bias 0.</summary>
    public LayerNormalization(long dimension, double epsilon) : base(nameof(LayerNormalization))
    {
        _epsilon = epsilon;
        _shape = [dimension];
        weight = Owned.Parameter(ones(dimension, dtype: ScalarType.Float32));
        bias = Owned.Parameter(zeros(dimension, dtype: ScalarType.Float32));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => nn.functional.layer_norm(input, _shape, weight, bias, _epsilon);
}
