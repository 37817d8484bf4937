using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A multilayer perceptron over the statistics of a protein sequence (<see cref="ProteinProfile"/>).</summary>
internal sealed class ProteinWindowEncoder : Encoder
{
    private readonly VectorEncoder network;

    /// <summary>Creates the encoder with fresh weights.</summary>
    public ProteinWindowEncoder(ProteinWindowOptions options, Generator generator) : base(nameof(ProteinWindowEncoder))
    {
        network = new VectorEncoder(options.Network, ProteinProfile.Count, generator);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override int FeatureDimension => network.FeatureDimension;

    /// <inheritdoc/>
    protected override IReadOnlyList<nn.Module[]> Layers => network.HiddenLayers;

    /// <summary>Number of weights, buffers included, and width of the features of such an encoder; nothing is allocated.</summary>
    public static (long Weights, int FeatureDimension) Measure(ProteinWindowOptions options) => VectorEncoder.Measure(options.Network, ProteinProfile.Count);

    /// <inheritdoc/>
    public override void Prepare(ExampleStore examples, SampleShards? shards = null)
    {
        var sequences = (SequenceStore)examples;
        using var profiles = new VectorStore(ProteinProfile.Count);
        profiles.Extend(sequences.Count);
        for (var i = 0; i < sequences.Count; i++)
            ProteinProfile.Compute(sequences[i].Span, profiles.Row(i));
        network.Prepare(profiles, shards);
    }

    /// <inheritdoc/>
    public override Tensor Encode(ModalityBatch batch, NoiseSource? noise)
    {
        using var scope = NewDisposeScope();
        var sequences = ((SequenceBatch)batch).Residues;
        var profiles = new float[sequences.Count * ProteinProfile.Count];
        for (var i = 0; i < sequences.Count; i++)
            ProteinProfile.Compute(sequences[i].Span, profiles.AsSpan(i * ProteinProfile.Count, ProteinProfile.Count));
        var device = network.state_dict()["input_mean"].device;
        var values = tensor(profiles, [sequences.Count, ProteinProfile.Count], device: device);
        return network.Encode(new VectorBatch(values), noise).MoveToOuterDisposeScope();
    }
}
