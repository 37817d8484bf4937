using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A table of vectors, looked up by number.</summary>
internal sealed class BertTable : nn.Module<Tensor, Tensor>
{
    private readonly Parameter weight;

    /// <summary>Creates the table with the published standard deviation.</summary>
    public BertTable(long count, long width, Generator generator) : base(nameof(BertTable))
    {
        using var scope = NewDisposeScope();
        weight = Owned.Parameter(Owned.Uniform(BertStart.Bound, generator, count, width));
        RegisterComponents();
    }

    /// <summary>Number of vectors.</summary>
    public long Count => weight.size(0);

    /// <summary>Vectors, <c>[..., width]</c>, of numbers of any shape.</summary>
    public override Tensor forward(Tensor input) => weight.index_select(0, input.reshape(-1)).view([.. input.shape, weight.size(1)]);
}
