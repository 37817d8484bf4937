using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Turns a batch of examples of one modality into features, what comes before the projection head.</summary>
internal abstract class Encoder(string name) : nn.Module(name)
{
    /// <summary>Width of the features.</summary>
    public abstract int FeatureDimension { get; }

    /// <summary>Features of a batch, <c>[batch, FeatureDimension]</c>.</summary>
    /// <param name="batch">The examples.</param>
    /// <param name="noise">Augmentation and dropout in training; null in inference.</param>
    public abstract Tensor Encode(ModalityBatch batch, NoiseSource? noise);

    /// <summary>Whether no weight is trained, so that a sample's features are the same in every epoch.</summary>
    public virtual bool IsFrozen => false;

    /// <summary>Loads the pretrained weights that the options name, if any; for a training's start, as a saved model has its own.</summary>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">It is damaged, or its weights are of another size or model.</exception>
    public virtual void LoadPretrained()
    {
    }

    /// <summary>Learns what does not need gradients, such as the inputs' mean, from the training examples.</summary>
    public virtual void Prepare(ExampleStore examples)
    {
    }

    /// <summary>Why the network cannot be written as ONNX, as a clause without full stop; null where nothing is known to stand in the way.</summary>
    public virtual string? OnnxObstacle => null;

    /// <summary>Whether a modality's encoder is a user's own, which only building it can measure.</summary>
    public static bool IsCustom(Modality modality) =>
        modality is VectorModality { CustomEncoder: not null } or TextModality { Encoder: CustomTextEncoderOptions } or ImageModality { Encoder: CustomImageEncoderOptions };

    /// <summary>Number of weights, buffers included, and width of the features of what <see cref="Create"/> would build; nothing is allocated. Zeros for a user's own.</summary>
    public static (long Weights, int FeatureDimension) Measure(Modality modality, int inputDimension) => modality switch
    {
        _ when IsCustom(modality) => (0, 0),
        VectorModality vector => VectorEncoder.Measure(vector.Encoder, inputDimension),
        ProteinSequenceModality sequence => Esm2Encoder.Measure(sequence.Encoder),
        TextModality { Encoder: TextNGramOptions nGrams } => TextNGramEncoder.Measure(nGrams),
        TextModality { Encoder: BertEncoderOptions bert } => BertEncoder.Measure(bert),
        ProteinStructureModality structure => CdConvNetwork.Measure(structure.Encoder),
        ImageModality image => ImageEncoder.Measure(image),
        _ => throw new NotSupportedException($"There is no encoder for {modality.GetType().Name}."),
    };

    /// <summary>Builds the encoder of a modality.</summary>
    /// <param name="modality">What to encode.</param>
    /// <param name="inputDimension">Size of one sample, where the modality has one.</param>
    /// <param name="generator">Source of the initial weights.</param>
    public static Encoder Create(Modality modality, int inputDimension, Generator generator) => modality switch
    {
        VectorModality { CustomEncoder: { } custom } => new CustomVectorEncoder(custom, modality.InputColumnName, inputDimension, generator),
        TextModality { Encoder: CustomTextEncoderOptions custom } => new CustomTextEncoder(custom, modality.InputColumnName, generator),
        ImageModality { Encoder: CustomImageEncoderOptions custom } image => new CustomImageEncoder(custom, image.Images, modality.InputColumnName, generator),
        VectorModality vector => new VectorEncoder(vector.Encoder, inputDimension, generator),
        ProteinSequenceModality sequence => new Esm2Encoder(sequence.Encoder, generator),
        TextModality { Encoder: TextNGramOptions nGrams } => new TextNGramEncoder(nGrams, generator),
        TextModality { Encoder: BertEncoderOptions bert } => new BertEncoder(bert, generator),
        ProteinStructureModality structure => new CdConvEncoder(structure.Encoder, generator),
        ImageModality image => new ImageEncoder(image, generator),
        _ => throw new NotSupportedException($"There is no encoder for {modality.GetType().Name}."),
    };
}
