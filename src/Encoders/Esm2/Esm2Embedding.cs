using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// Token embeddings with "token dropout": mask and padding tokens become 0, and the others are scaled to what they were on average in the
/// published training, (1 - 0.15 * 0.8) / (1 - share of masks among the sequence's tokens), so by 0.88 where there is no mask.
/// </summary>
internal sealed class Esm2Embedding : nn.Module<Tensor, Tensor>
{
    /// <summary>Share of masks among the tokens of the published training.</summary>
    public const double MaskShareInTraining = 0.15 * 0.8;

    private readonly Parameter weight;

    /// <summary>Creates the table with standard normal entries, 0 for padding.</summary>
    public Esm2Embedding(long width, Generator generator) : base(nameof(Esm2Embedding))
    {
        using var scope = NewDisposeScope();
        var table = randn([Esm2Alphabet.Count, width], dtype: ScalarType.Float32, generator: generator);
        table[Esm2Alphabet.Padding].zero_();
        weight = Owned.Parameter(table);
        RegisterComponents();
    }

    /// <summary>The table, <c>[tokens of the alphabet, width]</c>; the language model's head reads it too.</summary>
    public Tensor Table => weight;

    /// <summary>Embeddings, <c>[batch, length, width]</c>, of tokens, <c>[batch, length]</c>.</summary>
    public override Tensor forward(Tensor input)
    {
        var (token, masked) = (input.ne(Scalars.Of(Esm2Alphabet.Padding)), input.eq(Scalars.Of(Esm2Alphabet.Mask)));
        var maskShare = masked.sum(dim: 1, keepdim: true).to(weight.dtype) / token.sum(dim: 1, keepdim: true);
        var factor = token.logical_and(masked.logical_not()) * (-maskShare).Plus(1).reciprocal().Times(1 - MaskShareInTraining);
        return weight.index_select(0, input.reshape(-1)).view(input.size(0), input.size(1), weight.size(1)) * factor.unsqueeze(-1);
    }
}
