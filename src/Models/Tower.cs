using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Weights;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Models;

/// <summary>One side of the two-tower model: encoder, projection head, normalisation; or only the encoder, for a closed form on its features.</summary>
internal sealed class Tower : nn.Module
{
    private readonly string _column;
    private readonly Encoder encoder;
    private readonly ProjectionHead? head;

    /// <summary>Creates a tower with fresh weights.</summary>
    /// <param name="spec">What it is.</param>
    /// <param name="embeddingDimension">Width of its embeddings; 0 for an encoder without head.</param>
    /// <param name="generator">Source of the weights.</param>
    public Tower(TowerSpec spec, int embeddingDimension, Generator generator) : base(nameof(Tower))
    {
        _column = spec.Modality.InputColumnName;
        encoder = EncoderKinds.Of(spec.Modality).Create(spec.Modality, spec.InputDimension, generator);
        head = embeddingDimension > 0 ? new ProjectionHead(encoder.FeatureDimension, embeddingDimension, generator) : null;
        RegisterComponents();
    }

    /// <summary>Number of weights of such a tower, buffers included; nothing is allocated. A lower bound where the encoder is a user's own.</summary>
    public static long CountWeights(TowerSpec spec, int embeddingDimension)
    {
        var (weights, features) = EncoderKinds.Of(spec.Modality).Measure(spec.Modality, spec.InputDimension);
        return weights + (embeddingDimension > 0 ? ProjectionHead.CountWeights(features, embeddingDimension) : 0);
    }

    /// <summary>
    /// Starts a training from fresh weights: loads pretrained ones where there are, and learns what does not need gradients from the examples.
    /// </summary>
    /// <inheritdoc cref="Encoder.LoadPretrained" path="/exception"/>
    /// <param name="examples">Of the training.</param>
    /// <param name="log">Takes what was chosen in a file of weights, in words.</param>
    public void Prepare(ExampleStore examples, Action<string>? log = null)
    {
        encoder.LoadPretrained(log);
        var (local, shards) = ShardedStore.Of(examples);
        encoder.Prepare(local, shards);
    }

    /// <summary>Width of the encoder's features.</summary>
    public int FeatureDimension => encoder.FeatureDimension;

    /// <inheritdoc cref="Encoder.OnnxObstacle"/>
    public string? OnnxObstacle => encoder.OnnxObstacle;

    /// <inheritdoc cref="Encoder.IsFrozen"/>
    public bool IsFrozen => encoder.IsFrozen;

    /// <summary>Whether the encoder normalises by running statistics that a training moves.</summary>
    public bool HasMovingStatistics => encoder.modules().OfType<BatchNormalization>().Any(layer => layer.IsTrained);

    /// <summary>Measures these statistics anew on examples as scoring sees them: whole, and without noise.</summary>
    /// <param name="examples">Of the training.</param>
    /// <param name="positions">Which of them.</param>
    /// <param name="device">Of the weights.</param>
    /// <param name="onPass">Told the examples of each pass; what it throws leaves the statistics as they were.</param>
    public void MeasureStatistics(ExampleStore examples, int[] positions, Device device, Action<int> onPass)
    {
        using var frozen = no_grad();
        BatchNormalization[] layers = [.. encoder.modules().OfType<BatchNormalization>().Where(layer => layer.IsTrained)];
        Array.ForEach(layers, layer => layer.BeginMeasuring());
        var isDone = false;
        try
        {
            if (examples is ShardedStore sharded)
                MeasureShards(layers, sharded, positions, device, onPass);
            else
                Pass(examples, positions, device, onPass);
            isDone = true;
        }
        finally
        {
            Array.ForEach(layers, layer => layer.EndMeasuring(isDone));
        }
    }

    /// <summary>What is wrong with the examples as the encoder's input, in a sentence without the column; null where nothing is.</summary>
    public string? InputProblem(ExampleStore examples)
    {
        var (local, shards) = ShardedStore.Of(examples);
        var problem = encoder.InputProblem(local);
        // A problem is one of all examples.
        return shards is not null && shards.Group.Any(problem is null, "whether the examples suit the encoder") ? null : problem;
    }

    // Each shard where it is; what the layers counted is put together in the order of the shards.
    private void MeasureShards(BatchNormalization[] layers, ShardedStore examples, int[] positions, Device device, Action<int> onPass)
    {
        var all = Array.ConvertAll(layers, _ => new BatchMoments());
        int[] widths = Array.ConvertAll(layers, layer => BatchMoments.CountNumbers(layer.Channels));
        examples.Shards.ExchangeShards(
            sizeof(double) * widths.Sum(),
            (shard, bytes) =>
            {
                Array.ForEach(layers, layer => layer.BeginMeasuring());
                Pass(examples, Array.ConvertAll(examples.Shards.In(shard, positions), number => positions[number]), device, onPass);
                var numbers = MemoryMarshal.Cast<byte, double>(bytes);
                for (int i = 0, at = 0; i < layers.Length; at += widths[i++])
                    layers[i].Measured.CopyTo(numbers.Slice(at, widths[i]));
            },
            (_, bytes) =>
            {
                var numbers = MemoryMarshal.Cast<byte, double>(bytes);
                for (int i = 0, at = 0; i < layers.Length; at += widths[i++])
                    all[i].AddNumbers(numbers.Slice(at, widths[i]));
            },
            "the statistics of the batch normalisations");
        for (var i = 0; i < layers.Length; i++)
            layers[i].Measured = all[i];
    }

    private void Pass(ExampleStore examples, int[] positions, Device device, Action<int> onPass)
    {
        int[][] passes = LengthBatches.InOrder(Array.ConvertAll(positions, examples.LengthOf)).Parts;
        foreach (var (number, batch) in Read(examples, passes.Select(pass => Array.ConvertAll(pass, at => positions[at])), device).Index())
        {
            using var scope = NewDisposeScope();
            encoder.Encode(batch, noise: null);
            onPass(passes[number].Length);
        }
    }

    /// <summary>Takes over the encoder's weights of a tower of the same kind.</summary>
    public void CopyEncoder(Tower other)
    {
        using var scope = NewDisposeScope();
        StateDictLoader.Load(encoder, other.encoder.state_dict(), nameof(Tower));
    }

    /// <inheritdoc cref="Encoder.LayerCount"/>
    public int LayerCount => encoder.LayerCount;

    /// <inheritdoc cref="Encoder.TrainLast"/>
    public void TrainLast(int? layers) => encoder.TrainLast(layers);

    /// <summary>The encoder's features, <c>[batch, FeatureDimension]</c>; a frozen one has no noise.</summary>
    public Tensor Encode(ModalityBatch batch, NoiseSource? noise) =>
        batch is FeatureBatch features ? features.Values : encoder.Encode(batch, IsFrozen ? null : noise);

    /// <summary>The encoder's features without noise, <c>[batch, FeatureDimension]</c>.</summary>
    public Tensor Features(ModalityBatch batch) => batch is FeatureBatch features ? features.Values : encoder.Encode(batch, noise: null);

    /// <inheritdoc cref="Encoder.EncodeRows"/>
    public Tensor? EncodeRows(ModalityBatch batch, int[] rows) => encoder.EncodeRows(batch, rows);

    /// <inheritdoc cref="Encoder.Derive"/>
    public ExampleStore? Derive(ExampleStore examples) => encoder.Derive(examples);

    /// <inheritdoc cref="Encoder.PreparesWithNoise"/>
    public bool PreparesWithNoise => encoder.PreparesWithNoise;

    /// <summary>What is to be done before the tower can embed some examples.</summary>
    public TowerWork Work(ExampleStore examples, int[] positions) => new(encoder, _column, examples, positions);

    /// <summary>The batches of passes without noise; see <see cref="TowerPasses.Read"/>.</summary>
    /// <param name="examples">Where the examples are.</param>
    /// <param name="passes">Positions of each pass.</param>
    /// <param name="device">Of the weights.</param>
    /// <param name="ahead">Whether other threads may be used.</param>
    public IEnumerable<ModalityBatch> Read(ExampleStore examples, IEnumerable<int[]> passes, Device device, bool ahead = true) =>
        TowerPasses.Read(positions => Work(examples, positions), passes, device, ahead);

    /// <summary>Unit-length embeddings, <c>[batch, embeddingDimension]</c>; <paramref name="noise"/> null means inference.</summary>
    public Tensor Embed(ModalityBatch batch, NoiseSource? noise) => Run(batch, noise).Embedding;

    /// <summary>Features and embeddings; <paramref name="noise"/> null means inference.</summary>
    public TowerOutput<Tensor> Run(ModalityBatch batch, NoiseSource? noise)
    {
        var features = batch is FeatureBatch known ? known.Values : encoder.Encode(batch, noise);
        return new TowerOutput<Tensor>(features, Project(features, noise));
    }

    /// <summary>Unit-length embeddings of features, <c>[batch, embeddingDimension]</c>.</summary>
    /// <exception cref="InvalidOperationException">There is no head.</exception>
    public Tensor Project(Tensor features, NoiseSource? noise) =>
        (head ?? throw new InvalidOperationException("The tower is an encoder without projection head.")).Project(features, noise);
}
