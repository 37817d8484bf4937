using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A network for pictures as an encoder: preparation, features, pretrained weights.</summary>
internal sealed class ImageEncoder : Encoder
{
    private readonly ImageOptions _images;
    private readonly string? _weightsFile, _weightsKey;
    private readonly ImageNetwork model;

    /// <summary>Takes a network with fresh weights over.</summary>
    /// <param name="images">How the pictures are prepared.</param>
    /// <param name="weightsFile">Pretrained weights, or null.</param>
    /// <param name="weightsKey">Where in the file they are, or null.</param>
    /// <param name="network">The network.</param>
    public ImageEncoder(ImageOptions images, string? weightsFile, string? weightsKey, ImageNetwork network) : base(nameof(ImageEncoder))
    {
        (_images, _weightsFile, _weightsKey, model) = (images, weightsFile, weightsKey, network);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override int FeatureDimension => model.FeatureDimension;

    /// <inheritdoc/>
    public override bool IsFrozen => base.IsFrozen || model.IsFrozen;

    /// <inheritdoc/>
    protected override IReadOnlyList<nn.Module[]> Layers => model.Layers;

    /// <inheritdoc/>
    protected override void OnTrainLast(int? layers) => model.OnTrainLast(layers);

    /// <inheritdoc/>
    public override void LoadPretrained(Action<string>? log = null)
    {
        if (_weightsFile is not { } path)
            return;
        var request = new WeightRequest(model.Layout, _weightsKey);
        using var file = WeightFile.Read(path, request);
        model.Load(file, request);
        request.WriteTo(log);
    }

    /// <inheritdoc/>
    public override Tensor Encode(ModalityBatch batch, NoiseSource? noise)
    {
        using var scope = NewDisposeScope();
        var squares = ((ImageBatch)batch).Squares;
        var type = parameters().First().dtype;
        if (noise is not null && !IsFrozen) // batch normalisation looks at all of them
            return model.Features(ImageAugmentation.Prepare(squares, _images, type, noise), training: true).MoveToOuterDisposeScope();
        return ImageAugmentation.InParts(squares, _images, type, pictures => model.Features(pictures, training: false)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor? EncodeRows(ModalityBatch batch, int[] rows)
    {
        if (model.ProductRows is not { } width)
            return null;
        using var scope = NewDisposeScope();
        var (squares, type, slice) = (((ImageBatch)batch).Squares, parameters().First().dtype, new PartSlice(rows));
        foreach (var part in ImageAugmentation.Parts((int)squares.size(0), _images))
        {
            // A convolution of one picture goes another way than that of two.
            if (slice.Of(part, width, fewest: 2) is { Length: > 0 } chosen)
                slice.Add(chosen, Features(chosen));
        }
        return slice.Restore().MoveToOuterDisposeScope();

        Tensor Features(int[] chosen)
        {
            using var own = NewDisposeScope();
            var pictures = squares.index_select(0, tensor(Array.ConvertAll(chosen, row => (long)row)));
            return model.Features(ImageAugmentation.Prepare(pictures, _images, type, noise: null), training: false).MoveToOuterDisposeScope();
        }
    }
}
