using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>One side of the two-tower model: encoder, projection head, normalisation.</summary>
internal sealed class Tower : nn.Module
{
    private readonly Encoder encoder;
    private readonly ProjectionHead head;

    /// <summary>Creates a tower with fresh weights.</summary>
    public Tower(TowerSpec spec, int embeddingDimension, Generator generator) : base(nameof(Tower))
    {
        encoder = EncoderKinds.Of(spec.Modality).Create(spec.Modality, spec.InputDimension, generator);
        head = new ProjectionHead(encoder.FeatureDimension, embeddingDimension, generator);
        RegisterComponents();
    }

    /// <summary>Number of weights of such a tower, buffers included; nothing is allocated. A lower bound where the encoder is a user's own.</summary>
    public static long CountWeights(TowerSpec spec, int embeddingDimension)
    {
        var (weights, features) = EncoderKinds.Of(spec.Modality).Measure(spec.Modality, spec.InputDimension);
        return weights + ProjectionHead.CountWeights(features, embeddingDimension);
    }

    /// <summary>Starts a training from fresh weights: loads pretrained ones where there are, and learns what does not need gradients from the examples.</summary>
    /// <inheritdoc cref="Encoder.LoadPretrained" path="/exception"/>
    public void Prepare(ExampleStore examples)
    {
        encoder.LoadPretrained();
        encoder.Prepare(examples);
    }

    /// <summary>Width of the encoder's features.</summary>
    public int FeatureDimension => encoder.FeatureDimension;

    /// <inheritdoc cref="Encoder.OnnxObstacle"/>
    public string? OnnxObstacle => encoder.OnnxObstacle;

    /// <inheritdoc cref="Encoder.IsFrozen"/>
    public bool IsFrozen => encoder.IsFrozen;

    /// <summary>The encoder's features without noise, <c>[batch, FeatureDimension]</c>.</summary>
    public Tensor Features(ModalityBatch batch) => encoder.Encode(batch, noise: null);

    /// <inheritdoc cref="Encoder.Prepare(ModalityBatch, NoiseSource?)"/>
    public ModalityBatch Prepare(ModalityBatch batch, NoiseSource? noise) => encoder.Prepare(batch, noise);

    /// <summary>Unit-length embeddings, <c>[batch, embeddingDimension]</c>; <paramref name="noise"/> null means inference.</summary>
    public Tensor Embed(ModalityBatch batch, NoiseSource? noise) => Run(batch, noise).Embedding;

    /// <summary>Features and embeddings; <paramref name="noise"/> null means inference.</summary>
    public TowerOutput Run(ModalityBatch batch, NoiseSource? noise)
    {
        var features = batch is FeatureBatch known ? known.Values : encoder.Encode(batch, noise);
        return new TowerOutput(features, head.Project(features, noise));
    }
}
