using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A multilayer perceptron over the statistics of a protein sequence (<see cref="ProteinProfile"/>).</summary>
internal sealed class ProteinWindowEncoder : Encoder
{
    // Statistics of so many numbers, 256 megabytes, are kept; those of more sequences are computed anew for each batch, on another thread.
    private const long MostKept = 1 << 26;

    private readonly ProteinWindowPreparation _preparation = new();
    private readonly VectorEncoder network;

    /// <summary>Creates the encoder with fresh weights.</summary>
    public ProteinWindowEncoder(ProteinWindowOptions options, Generator generator) : base(nameof(ProteinWindowEncoder))
    {
        network = new VectorEncoder(options.Network, ProteinProfile.Count, generator, options.KeepStatistics);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override int FeatureDimension => network.FeatureDimension;

    /// <inheritdoc/>
    protected override IReadOnlyList<nn.Module[]> Layers => network.HiddenLayers;

    /// <summary>Number of weights, buffers included, and width of the features of such an encoder; nothing is allocated.</summary>
    public static (long Weights, int FeatureDimension) Measure(ProteinWindowOptions options) =>
        VectorEncoder.Measure(options.Network, ProteinProfile.Count, options.KeepStatistics);

    /// <inheritdoc/>
    public override void Prepare(ExampleStore examples, SampleShards? shards = null)
    {
        using var profiles = Profiles((SequenceStore)examples);
        network.Prepare(profiles, shards);
    }

    /// <inheritdoc/>
    public override ExampleStore? Derive(ExampleStore examples) =>
        examples is SequenceStore sequences && (long)sequences.Count * ProteinProfile.Count <= MostKept
            ? new DerivedStore(sequences, Profiles(sequences))
            : null;

    /// <inheritdoc/>
    public override Func<ModalityBatch> Prepare(ModalityBatch batch, NoiseSource? noise) =>
        () => batch is SequenceBatch sequences ? new PreparedBatch(_preparation.Prepare(sequences)) : batch;

    /// <inheritdoc/>
    public override Tensor Encode(ModalityBatch batch, NoiseSource? noise)
    {
        using var scope = NewDisposeScope();
        if (Prepare(batch, noise)() is PreparedBatch prepared)
        {
            var profiles = prepared.Values<float>(OnnxNames.SequenceProfile, out var shape);
            batch = new VectorBatch(tensor(profiles, [.. shape], device: network.Device));
        }
        return network.Encode(batch, noise).MoveToOuterDisposeScope();
    }

    private static VectorStore Profiles(SequenceStore sequences)
    {
        var profiles = new VectorStore(ProteinProfile.Count);
        profiles.Extend(sequences.Count);
        for (var i = 0; i < sequences.Count; i++)
            ProteinProfile.Compute(sequences[i].Span, profiles.Row(i));
        return profiles;
    }
}
