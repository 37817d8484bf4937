using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>The transformer layers.</summary>
internal sealed class BertLayers : nn.Module
{
    private readonly ModuleList<BertLayer> layer;

    /// <summary>Creates the layers with fresh weights.</summary>
    public BertLayers(BertSize size, Generator generator) : base(nameof(BertLayers))
    {
        layer = [];
        for (var i = 0; i < size.Layers; i++)
            layer.Add(new BertLayer(size, generator));
        RegisterComponents();
    }

    /// <summary>The last layers.</summary>
    public IEnumerable<BertLayer> Last(int count) => layer.TakeLast(count);

    /// <summary>Representations after the last layer.</summary>
    /// <param name="x">Embeddings, <c>[batch, length, width]</c>; freed.</param>
    /// <param name="mask">0 at tokens, minus infinity at padding, <c>[batch, 1, 1, length]</c>; null where there is none.</param>
    /// <param name="dropout">Of hidden values and probabilities.</param>
    /// <param name="hidden">Receives the embeddings and every layer's output; null frees them on the way.</param>
    public Tensor Transform(Tensor x, Tensor? mask, BertDropout dropout, ICollection<Tensor>? hidden)
    {
        foreach (var next in layer)
        {
            var input = x;
            using (NewDisposeScope())
                x = next.Transform(input, mask, dropout).MoveToOuterDisposeScope();
            hidden?.Add(input);
            if (hidden is null)
                input.Dispose(); // else the layers' outputs would add up in inference
        }
        hidden?.Add(x);
        return x;
    }
}
