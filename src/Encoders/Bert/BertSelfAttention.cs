using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Multi-head self-attention.</summary>
internal sealed class BertSelfAttention : nn.Module
{
    private readonly int _heads;
    private readonly double _scale;
    private readonly Linear query;
    private readonly Linear key;
    private readonly Linear value;

    /// <summary>Creates the layer with fresh weights.</summary>
    public BertSelfAttention(BertSize size, Generator generator) : base(nameof(BertSelfAttention))
    {
        var width = size.HiddenDimension;
        _heads = size.AttentionHeads;
        _scale = 1 / Math.Sqrt(width / _heads);
        query = BertStart.Linear(width, width, generator);
        key = BertStart.Linear(width, width, generator);
        value = BertStart.Linear(width, width, generator);
        RegisterComponents();
    }

    /// <summary>
    /// Output <c>[batch, length, width]</c>; with dropout the probabilities <c>[batch, heads, length, length]</c> are held, else torch's fused kernel never
    /// does.
    /// </summary>
    /// <param name="x">Representations, <c>[batch, length, width]</c>.</param>
    /// <param name="mask">0 at tokens, minus infinity at padding, <c>[batch, 1, 1, length]</c>; null where there is none.</param>
    /// <param name="dropout">Of the probabilities.</param>
    public Tensor Attend(Tensor x, Tensor? mask, BertDropout dropout)
    {
        var (q, k, v) = (Split(query.forward(x)), Split(key.forward(x)), Split(value.forward(x)));
        if (!dropout.IsOn)
            return Join(nn.functional.scaled_dot_product_attention(q, k, v, mask), x);
        var scores = q.Times(_scale).matmul(k.transpose(2, 3));
        return Join(dropout.Apply((mask is null ? scores : scores.Plus(mask)).softmax(-1)).matmul(v), x);
    }

    private Tensor Split(Tensor x) => x.view(x.size(0), x.size(1), _heads, x.size(2) / _heads).transpose(1, 2);

    private static Tensor Join(Tensor attended, Tensor x) => attended.transpose(1, 2).reshape(x.shape);
}
