using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A user's network over the tokens of amino-acid sequences.</summary>
internal sealed class CustomSequenceEncoder : CustomEncoder<nn.Module<Tensor, Tensor, Tensor>>
{
    private const int ProbeRows = 2;

    private readonly int _maximumLength;

    /// <summary>Creates the encoder with fresh weights.</summary>
    public CustomSequenceEncoder(CustomProteinSequenceEncoderOptions options, string column, Generator generator)
        : base(options, column, () => options.CreateNetwork(Esm2Alphabet.Count), generator)
    {
        _maximumLength = options.MaximumLength;
        RegisterComponents();
        Probe(ProbeRows, network => Call(network, [.. Enumerable.Repeat<ReadOnlyMemory<byte>>(new byte[] { Esm2Alphabet.Unknown }, ProbeRows)]));
    }

    /// <inheritdoc/>
    public override Tensor Encode(ModalityBatch batch, NoiseSource? noise)
    {
        ReadOnlyMemory<byte>[] sequences = [.. ((SequenceBatch)batch).Residues.Select(sequence => SequenceRows.Beginning(sequence, _maximumLength))];
        return Run(sequences.Length, noise, network => Call(network, sequences));
    }

    private Tensor Call(nn.Module<Tensor, Tensor, Tensor> network, IReadOnlyList<ReadOnlyMemory<byte>> sequences)
    {
        var tokens = Esm2Batch.Pad(sequences, Device);
        return network.call(tokens, tokens.ne(Scalars.Of(Esm2Alphabet.Padding)));
    }
}
