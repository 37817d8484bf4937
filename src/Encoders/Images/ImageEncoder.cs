using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A network for pictures as an encoder: preparation, features, pretrained weights.</summary>
internal sealed class ImageEncoder : Encoder
{
    private readonly ImageModality _modality;
    private readonly ImageNetwork model;

    /// <summary>Creates the encoder with fresh weights.</summary>
    /// <exception cref="ArgumentException">Settings contradict each other.</exception>
    public ImageEncoder(ImageModality modality, Generator generator) : base(nameof(ImageEncoder))
    {
        modality.Validate();
        _modality = modality;
        model = modality.Encoder switch
        {
            ResNetOptions resNet => new ResNetModule(resNet, generator),
            ViTOptions vit => new ViTModule(vit, modality.Images.Size, generator),
            _ => throw new NotSupportedException($"There is no network for {modality.Encoder.GetType().Name}."),
        };
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override int FeatureDimension => model.FeatureDimension;

    /// <inheritdoc/>
    public override bool IsFrozen => model.IsFrozen;

    /// <summary>Number of weights, buffers included, and width of the features of such an encoder; nothing is allocated.</summary>
    public static (long Weights, int FeatureDimension) Measure(ImageModality modality) => modality.Encoder switch
    {
        ResNetOptions resNet => (ResNetModule.CountWeights(resNet.Size), resNet.Size.FeatureDimension),
        ViTOptions vit => (ViTModule.CountWeights(vit.Size, modality.Images.Size), vit.Size.EmbeddingDimension),
        _ => throw new NotSupportedException($"There is no network for {modality.Encoder.GetType().Name}."),
    };

    /// <inheritdoc/>
    public override void LoadPretrained()
    {
        if (_modality.Encoder.WeightsFile is not { } path)
            return;
        using var file = WeightFile.Read(path);
        model.Load(file);
    }

    /// <inheritdoc/>
    public override Tensor Encode(ModalityBatch batch, NoiseSource? noise)
    {
        using var scope = NewDisposeScope();
        var squares = ((ImageBatch)batch).Squares;
        var type = parameters().First().dtype;
        if (noise is not null && !IsFrozen) // batch normalisation looks at all of them
            return model.Features(ImageAugmentation.Prepare(squares, _modality.Images, type, noise), training: true).MoveToOuterDisposeScope();
        return ImageAugmentation.InParts(squares, _modality.Images, type, pictures => model.Features(pictures, training: false)).MoveToOuterDisposeScope();
    }
}
