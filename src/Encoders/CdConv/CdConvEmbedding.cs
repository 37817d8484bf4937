using Microsoft.ML.GentleClip.Modalities;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A vector for each residue type.</summary>
internal sealed class CdConvEmbedding : nn.Module<Tensor, Tensor>
{
    private readonly Parameter weight;

    /// <summary>Creates standard normal vectors, as PyTorch does.</summary>
    public CdConvEmbedding(long dimension, Generator generator) : base(nameof(CdConvEmbedding))
    {
        using var scope = NewDisposeScope();
        weight = Owned.Parameter(randn(Chain.ResidueOrder.Length, dimension, dtype: ScalarType.Float32, generator: generator));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => weight.index_select(0, input);
}
