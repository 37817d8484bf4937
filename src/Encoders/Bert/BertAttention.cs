using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Self-attention with its output layer.</summary>
internal sealed class BertAttention : nn.Module
{
    private readonly BertSelfAttention self;
    private readonly BertResidual output;

    /// <summary>Creates the layers with fresh weights.</summary>
    public BertAttention(BertSize size, Generator generator) : base(nameof(BertAttention))
    {
        self = new BertSelfAttention(size, generator);
        output = new BertResidual(size.HiddenDimension, size.HiddenDimension, generator);
        RegisterComponents();
    }

    /// <summary>Representations after the attention, <c>[batch, length, width]</c>.</summary>
    /// <inheritdoc cref="BertSelfAttention.Attend"/>
    public Tensor Attend(Tensor x, Tensor? mask, BertDropout dropout) => output.Add(x, self.Attend(x, mask, dropout), dropout);
}
