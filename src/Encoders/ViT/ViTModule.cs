using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>The vision transformer of Dosovitskiy et al. (2021) with Hugging Face's names; it has no dropout, so training and inference are alike.</summary>
internal sealed class ViTModule : ImageNetwork
{
    private readonly ViTOptions _options;
    private int? _trainedLayers;
    private readonly ViTEmbeddings embeddings;
    private readonly ViTLayers encoder;
    private readonly LayerNormalization layernorm;

    /// <summary>Creates the network with torchvision's initialisation.</summary>
    /// <param name="options">Sizes.</param>
    /// <param name="imageSize">Side of the pictures in pixels, a multiple of the patches'.</param>
    /// <param name="generator">Source of the initial weights.</param>
    public ViTModule(ViTOptions options, int imageSize, Generator generator) : base("ViT")
    {
        (_options, _trainedLayers) = (options, options.TrainableLayers);
        embeddings = new ViTEmbeddings(options.Size, imageSize, generator);
        encoder = new ViTLayers(options, generator);
        layernorm = new LayerNormalization(options.Size.HiddenDimension, options.LayerNormEpsilon);
        RegisterComponents();
        if (options.TrainableLayers is not { } layers)
            return;
        Freeze();
        if (layers > 0)
            Train(encoder.Last(layers).SelectMany(layer => layer.parameters()).Concat(layernorm.parameters()));
    }

    /// <inheritdoc/>
    public override int FeatureDimension => _options.Size.HiddenDimension;

    /// <inheritdoc/>
    public override bool IsFrozen => _trainedLayers == 0;

    /// <inheritdoc/>
    public override IReadOnlyList<nn.Module[]> Layers
    {
        get
        {
            nn.Module[] all = [.. encoder.Last(int.MaxValue)];
            return [.. all.Select((layer, i) => i + 1 < all.Length ? new[] { layer } : [layer, layernorm])];
        }
    }

    /// <inheritdoc/>
    public override void OnTrainLast(int? layers) => _trainedLayers = layers;

    /// <summary>Number of weights of such a network; nothing is allocated.</summary>
    public static long CountWeights(ViTSize size, int imageSize) =>
        ViTEmbeddings.CountWeights(size, imageSize) + size.Layers * ViTLayer.CountWeights(size) + 2L * size.HiddenDimension;

    /// <inheritdoc/>
    public override int? ProductRows => embeddings.Tokens;

    /// <inheritdoc/>
    public override Tensor Features(Tensor pictures, bool training)
    {
        using var scope = NewDisposeScope();
        var tokens = Tokens(pictures);
        return (_options.Pooling == ViTPooling.ClassToken ? tokens.select(1, 0) : tokens.narrow(1, 1, tokens.size(1) - 1).mean([1])).MoveToOuterDisposeScope();
    }

    /// <summary>Final representations of the class token and the patches, <c>[batch, 1 + patches, width]</c>.</summary>
    public Tensor Tokens(Tensor pictures)
    {
        using var scope = NewDisposeScope();
        return layernorm.forward(encoder.Transform(embeddings.forward(pictures))).MoveToOuterDisposeScope();
    }

    /// <summary>The embeddings with class token and positions, <c>[batch, 1 + patches, width]</c>.</summary>
    public Tensor Embeddings(Tensor pictures) => embeddings.forward(pictures);

    /// <inheritdoc/>
    public override WeightLayout Layout => ViTWeightNames.Layout;

    /// <inheritdoc/>
    public override void Load(StateDict file, WeightRequest? request = null)
    {
        using var weights = ViTWeightNames.ToHuggingFace(file, request);
        var (expected, found) = (ViTWeightNames.Describe(state_dict()), ViTWeightNames.Describe(weights));
        if (found is not null && found != expected)
            throw new InvalidDataException(
                $"{file.Source} holds a vision transformer of {found}; expected {expected}, as {nameof(ViTOptions)}.{nameof(ViTOptions.Size)} and "
                    + $"{nameof(ImageOptions)}.{nameof(ImageOptions.Size)} say.");
        TowerWeights.Load(this, weights, file.Source, Layout, request);
    }
}
