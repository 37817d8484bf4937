using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A user's network over the alpha carbons of protein chains.</summary>
internal sealed class CustomStructureEncoder : CustomEncoder<nn.Module<Tensor, Tensor, Tensor, Tensor>>
{
    private const int ProbeRows = 2, ProbeResidues = 3;

    private readonly int _maximumLength;

    /// <summary>Creates the encoder with fresh weights.</summary>
    public CustomStructureEncoder(CustomProteinStructureEncoderOptions options, string column, Generator generator)
        : base(options, column, options.CreateNetwork, generator)
    {
        _maximumLength = options.MaximumLength;
        RegisterComponents();
        // Not all at one place: a network may divide by distances.
        var chain = new Chain(Enumerable.Range(0, 3 * ProbeResidues).Select(i => (float)(i * i)).ToArray());
        Probe(ProbeRows, network => Call(network, [.. Enumerable.Repeat(chain, ProbeRows)]));
    }

    /// <inheritdoc/>
    public override Tensor Encode(ModalityBatch batch, NoiseSource? noise)
    {
        var chains = ((StructureBatch)batch).Chains;
        if (noise is not null && !IsFrozen)
            chains = ChainCrop.Crop(chains, _maximumLength, noise);
        return Run(chains.Count, noise, network => Call(network, chains));
    }

    private Tensor Call(nn.Module<Tensor, Tensor, Tensor, Tensor> network, IReadOnlyList<Chain> chains)
    {
        var (rows, length) = (chains.Count, chains.Max(chain => chain.Length));
        var (carbons, residues, mask) = (new float[3 * rows * length], new long[rows * length], new bool[rows * length]);
        Array.Fill(residues, Chain.ResidueOrder.Length - 1);
        for (var row = 0; row < rows; row++)
        {
            var chain = chains[row];
            Centre(chain.Coordinates.Span, carbons.AsSpan(3 * row * length));
            for (var i = 0; chain.Residues is { } known && i < chain.Length; i++)
                residues[row * length + i] = known.Span[i];
            mask.AsSpan(row * length, chain.Length).Fill(true);
        }
        return network.call(
            tensor(carbons, [rows, length, 3], device: Device), tensor(residues, [rows, length], device: Device), tensor(mask, [rows, length], device: Device));
    }

    private static void Centre(ReadOnlySpan<float> coordinates, Span<float> target)
    {
        Span<double> mean = stackalloc double[3];
        mean.Clear();
        for (var i = 0; i < coordinates.Length; i++)
            mean[i % 3] += coordinates[i];
        for (var i = 0; i < coordinates.Length; i++)
            target[i] = (float)(coordinates[i] - mean[i % 3] / (coordinates.Length / 3));
    }
}
