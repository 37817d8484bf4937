using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Multi-head self-attention with rotary positions.</summary>
internal sealed class Esm2Attention : nn.Module
{
    private readonly int _heads;
    private readonly double _scale;
    private readonly Linear k_proj;
    private readonly Linear v_proj;
    private readonly Linear q_proj;
    private readonly Linear out_proj;
    private readonly RotaryEmbedding rot_emb;

    /// <summary>Creates the layer with the published initialisation: Xavier's, queries, keys and values smaller by the root of 2.</summary>
    public Esm2Attention(Esm2Size size, Generator generator) : base(nameof(Esm2Attention))
    {
        var width = size.HiddenDimension;
        _heads = size.AttentionHeads;
        _scale = 1 / Math.Sqrt(width / _heads);
        var xavier = Math.Sqrt(6.0 / (width + width));
        k_proj = new Linear(width, width, generator, xavier / Math.Sqrt(2));
        v_proj = new Linear(width, width, generator, xavier / Math.Sqrt(2));
        q_proj = new Linear(width, width, generator, xavier / Math.Sqrt(2));
        out_proj = new Linear(width, width, generator, xavier, biasBound: 0);
        rot_emb = new RotaryEmbedding(width / _heads);
        RegisterComponents();
    }

    /// <summary>Output <c>[batch, length, width]</c>; torch's fused kernel never holds the <c>[batch, heads, length, length]</c> probabilities.</summary>
    /// <param name="x">Normalised representations, <c>[batch, length, width]</c>.</param>
    /// <param name="mask">0 at tokens, minus infinity at padding, <c>[batch, 1, 1, length]</c>; null where there is none.</param>
    /// <param name="attentions">Receives the probabilities; computes them, at the price of their memory.</param>
    public Tensor Attend(Tensor x, Tensor? mask, ICollection<Tensor>? attentions)
    {
        var tables = rot_emb.Tables(x.size(1));
        var q = RotaryEmbedding.Rotate(Split(q_proj.forward(x)), tables).transpose(1, 2);
        var k = RotaryEmbedding.Rotate(Split(k_proj.forward(x)), tables).transpose(1, 2);
        var v = Split(v_proj.forward(x)).transpose(1, 2);
        Tensor attended;
        if (attentions is null)
        {
            attended = nn.functional.scaled_dot_product_attention(q, k, v, mask);
        }
        else
        {
            var scores = q.Times(_scale).matmul(k.transpose(2, 3));
            var probabilities = (mask is null ? scores : scores.Plus(mask)).softmax(-1);
            attentions.Add(probabilities);
            attended = probabilities.matmul(v);
        }
        return out_proj.forward(attended.transpose(1, 2).reshape(x.shape));
    }

    private Tensor Split(Tensor x) => x.view(x.size(0), x.size(1), _heads, x.size(2) / _heads);
}
