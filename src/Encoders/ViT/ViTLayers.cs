using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>The transformer's layers, one after the other.</summary>
internal sealed class ViTLayers : nn.Module
{
    private readonly ModuleList<ViTLayer> layer;

    /// <summary>Creates the layers with fresh weights.</summary>
    public ViTLayers(ViTOptions options, Generator generator) : base(nameof(ViTLayers))
    {
        layer = [];
        for (var i = 0; i < options.Size.Layers; i++)
            layer.Add(new ViTLayer(options, generator));
        RegisterComponents();
    }

    /// <summary>The last layers.</summary>
    public IEnumerable<ViTLayer> Last(int count) => layer.TakeLast(count);

    /// <summary>Representations after all layers, <c>[batch, tokens, width]</c>; takes the input over.</summary>
    public Tensor Transform(Tensor x)
    {
        foreach (var next in layer)
        {
            var input = x;
            using (NewDisposeScope())
                x = next.Transform(input).MoveToOuterDisposeScope();
            input.Dispose(); // else the layers' outputs would add up in inference
        }
        return x;
    }
}
