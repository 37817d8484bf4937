using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Multi-head self-attention and the projection after it.</summary>
internal sealed class ViTAttention : nn.Module
{
    private readonly ViTSelfAttention attention;
    private readonly ViTDense output;

    /// <summary>Creates the layer with fresh weights.</summary>
    public ViTAttention(ViTSize size, Generator generator) : base(nameof(ViTAttention))
    {
        attention = new ViTSelfAttention(size, generator);
        output = new ViTDense(size.HiddenDimension, size.HiddenDimension, generator);
        RegisterComponents();
    }

    /// <summary>Output <c>[batch, tokens, width]</c>; torch's fused kernel never holds the <c>[batch, heads, tokens, tokens]</c> probabilities.</summary>
    public Tensor Attend(Tensor x) => output.forward(attention.Attend(x));

    private sealed class ViTSelfAttention : nn.Module
    {
        private readonly int _heads;
        private readonly Linear query;
        private readonly Linear key;
        private readonly Linear value;

        public ViTSelfAttention(ViTSize size, Generator generator) : base(nameof(ViTSelfAttention))
        {
            _heads = size.AttentionHeads;
            query = ViTDense.Xavier(size.HiddenDimension, size.HiddenDimension, generator);
            key = ViTDense.Xavier(size.HiddenDimension, size.HiddenDimension, generator);
            value = ViTDense.Xavier(size.HiddenDimension, size.HiddenDimension, generator);
            RegisterComponents();
        }

        public Tensor Attend(Tensor x) =>
            nn.functional.scaled_dot_product_attention(Split(query.forward(x)), Split(key.forward(x)), Split(value.forward(x)))
                .transpose(1, 2).reshape(x.shape);

        private Tensor Split(Tensor x) => x.view(x.size(0), x.size(1), _heads, x.size(2) / _heads).transpose(1, 2);
    }
}
