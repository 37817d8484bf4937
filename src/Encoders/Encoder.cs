using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>Turns a batch of examples of one modality into features, what comes before the projection head.</summary>
internal abstract class Encoder(string name) : nn.Module(name)
{
    /// <summary>Width of the features.</summary>
    public abstract int FeatureDimension { get; }

    /// <summary>
    /// What a batch needs before the network and without torch: it may be done on another thread, before the network's turn. What is random about it is
    /// drawn at once, in the order of the calls.
    /// </summary>
    /// <param name="batch">The examples.</param>
    /// <param name="noise">As for <see cref="Encode"/>.</param>
    /// <returns>Makes what <see cref="Encode"/> takes in the batch's place.</returns>
    public virtual Func<ModalityBatch> Prepare(ModalityBatch batch, NoiseSource? noise) => () => batch;

    /// <summary>Whether <see cref="Prepare(ModalityBatch, NoiseSource?)"/> draws from the noise, so that each view of a batch is prepared by itself.</summary>
    public virtual bool PreparesWithNoise => false;

    /// <summary>Whether batches are prepared for inference as they are for training.</summary>
    public virtual bool PreparesAlike => true;

    /// <summary>
    /// What comes of each example by itself and before any weight, where that is worth keeping for a whole training; null where it is not. Batches of it are
    /// what <see cref="Encode"/> takes.
    /// </summary>
    public virtual ExampleStore? Derive(ExampleStore examples) => null;

    /// <summary>Features of a batch, <c>[batch, FeatureDimension]</c>.</summary>
    /// <param name="batch">The examples, or what <see cref="Prepare(ModalityBatch, NoiseSource?)"/> made of them.</param>
    /// <param name="noise">Augmentation and dropout in training; null in inference.</param>
    public abstract Tensor Encode(ModalityBatch batch, NoiseSource? noise);

    /// <summary>
    /// Features of some rows of a batch without noise, on the CPU, with the bits that <see cref="Encode"/> gives them beside all rows of the batch; null where
    /// a row's bits depend on what else is in the batch.
    /// </summary>
    /// <param name="batch">As for <see cref="Encode"/>.</param>
    /// <param name="rows">Numbers of the rows.</param>
    /// <returns><c>[rows.Length, FeatureDimension]</c>.</returns>
    public virtual Tensor? EncodeRows(ModalityBatch batch, int[] rows) => null;

    /// <summary>Whether no weight is trained, so that a sample's features are the same in every epoch.</summary>
    public virtual bool IsFrozen => TrainedLayers == 0;

    /// <summary>Layers that <see cref="TrainLast"/> can tell apart; 0 where all weights are trained or none.</summary>
    public int LayerCount => Layers.Count;

    /// <summary>How many layers are trained, from the last one on; null for all weights.</summary>
    protected int? TrainedLayers { get; set; }

    /// <summary>The layers, from input to output, each with what is trained with it. What belongs to none is trained only with all.</summary>
    protected virtual IReadOnlyList<nn.Module[]> Layers => [];

    /// <summary>
    /// Decides which weights are trained from now on, whatever the options said. What is not trained keeps its statistics too.
    /// </summary>
    /// <param name="layers">Null for all weights, 0 for none, else the last so many layers.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many layers.</exception>
    public void TrainLast(int? layers)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layers ?? 0, nameof(layers));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(layers ?? 0, LayerCount, nameof(layers));
        foreach (var parameter in parameters())
            parameter.requires_grad = layers is null;
        foreach (var parameter in Layers.TakeLast(layers ?? 0).SelectMany(layer => layer).SelectMany(part => part.parameters()))
            parameter.requires_grad = true;
        TrainedLayers = layers;
        OnTrainLast(layers);
    }

    /// <summary>Takes note of what is trained, where the network has to know it.</summary>
    protected virtual void OnTrainLast(int? layers)
    {
    }

    /// <summary>Loads the pretrained weights that the options name, if any; for a training's start, as a saved model has its own.</summary>
    /// <param name="log">Takes what was chosen in the file, and what was left out, in words.</param>
    /// <exception cref="FileNotFoundException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">It is damaged, or its weights are of another size or model.</exception>
    public virtual void LoadPretrained(Action<string>? log = null)
    {
    }

    /// <summary>Learns what does not need gradients, such as the inputs' mean, from the training examples.</summary>
    /// <param name="examples">Those of this process.</param>
    /// <param name="shards">
    /// Where each of all examples is, for a network that has to learn from all; null where this process has all and nothing is cut.
    /// </param>
    public virtual void Prepare(ExampleStore examples, SampleShards? shards = null)
    {
    }

    /// <summary>
    /// What is wrong with the training's examples as the network's input, as a sentence that begins with a verb: that they are all alike to it, for instance.
    /// Null where nothing is.
    /// </summary>
    public virtual string? InputProblem(ExampleStore examples) => null;

    /// <summary>Why the network cannot be written as ONNX, as a clause without full stop; null where nothing is known to stand in the way.</summary>
    public virtual string? OnnxObstacle => null;
}
