using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// Probability that two residues touch: logistic regression on the attentions of all layers and heads, made symmetric and freed from
/// what a row and a column have in common (average product correction).
/// </summary>
internal sealed class Esm2ContactHead : nn.Module
{
    private readonly Linear regression;

    /// <summary>Creates the head with fresh weights.</summary>
    public Esm2ContactHead(Esm2Size size, Generator generator) : base(nameof(Esm2ContactHead))
    {
        regression = new Linear(size.Layers * size.AttentionHeads, 1, generator);
        RegisterComponents();
    }

    /// <summary>Number of parameters of such a head.</summary>
    public static long CountParameters(Esm2Size size) => Linear.CountWeights(size.Layers * size.AttentionHeads, 1);

    /// <summary>Probabilities <c>[batch, residues, residues]</c>; those of a shorter sequence's missing residues mean nothing.</summary>
    /// <param name="tokens"><c>[batch, length]</c>.</param>
    /// <param name="attentions">Of each layer, <c>[batch, heads, length, length]</c>.</param>
    public Tensor Contacts(Tensor tokens, IReadOnlyCollection<Tensor> attentions)
    {
        using var scope = NewDisposeScope();
        var residues = tokens.size(1) - Esm2Batch.Ends;
        var x = cat([.. attentions], 1).narrow(2, 1, residues).narrow(3, 1, residues);
        var residue = Esm2Batch.Residues(tokens).narrow(1, 1, residues).to(x.dtype);
        x =
            x * residue[TensorIndex.Colon, TensorIndex.None, TensorIndex.Colon, TensorIndex.None] * residue[TensorIndex.Colon,
                TensorIndex.None, TensorIndex.None];
        x = x.Plus(x.transpose(2, 3));
        var (rows, columns) = (x.sum(dim: 3, keepdim: true), x.sum(dim: 2, keepdim: true));
        x = x - rows * columns / rows.sum(dim: 2, keepdim: true);
        return regression.forward(x.permute(0, 2, 3, 1)).squeeze(3).sigmoid().MoveToOuterDisposeScope();
    }
}
