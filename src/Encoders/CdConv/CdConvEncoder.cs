using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>CDConv as an encoder of protein structures.</summary>
internal sealed class CdConvEncoder : Encoder
{
    // Inference takes the chains in parts of about so many residues: memory grows with them, speed does not.
    private const int ResiduesPerPart = 1 << 14;

    private readonly CdConvNetwork network;

    /// <summary>Creates the encoder with fresh weights.</summary>
    /// <exception cref="ArgumentException">The options' lists do not fit each other.</exception>
    public CdConvEncoder(CdConvOptions options, Generator generator) : base(nameof(CdConvEncoder))
    {
        network = new CdConvNetwork(options, generator);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override int FeatureDimension => network.FeatureDimension;

    /// <inheritdoc/>
    public override Tensor Encode(ModalityBatch batch, NoiseSource? noise)
    {
        var chains = ((StructureBatch)batch).Chains;
        if (noise is not null) // batch normalisation looks at all of them
            return network.Encode(chains, noise);
        using var scope = NewDisposeScope();
        var parts = new List<Tensor>();
        for (int start = 0, end; start < chains.Count; start = end)
        {
            var residues = 0;
            for (end = start; end < chains.Count && (end == start || residues + chains[end].Length <= ResiduesPerPart); end++)
                residues += chains[end].Length;
            parts.Add(network.Encode([.. chains.Skip(start).Take(end - start)], noise: null));
        }
        return cat(parts, 0).MoveToOuterDisposeScope();
    }
}
