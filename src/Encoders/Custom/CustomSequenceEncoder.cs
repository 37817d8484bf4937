using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A user's network over the tokens of amino-acid sequences.</summary>
internal sealed class CustomSequenceEncoder : CustomEncoder<nn.Module<Tensor, Tensor, Tensor>>
{
    private const int ProbeRows = 2;

    private readonly SequencePreparation _preparation;

    /// <summary>Creates the encoder with fresh weights.</summary>
    public CustomSequenceEncoder(CustomProteinSequenceEncoderOptions options, string column, Generator generator)
        : base(options, column, () => options.CreateNetwork(Esm2Alphabet.Count), generator)
    {
        _preparation = new SequencePreparation(options.MaximumLength);
        RegisterComponents();
        var sequences = Enumerable.Repeat<ReadOnlyMemory<byte>>(new byte[] { Esm2Alphabet.Unknown }, ProbeRows);
        Probe(ProbeRows, network => Call(network, Prepared(new SequenceBatch([.. sequences]))));
    }

    /// <inheritdoc/>
    public override Func<ModalityBatch> Prepare(ModalityBatch batch, NoiseSource? noise) => () => Prepared(batch);

    /// <inheritdoc/>
    public override Tensor Encode(ModalityBatch batch, NoiseSource? noise)
    {
        var sequences = Prepared(batch);
        return Run(sequences.Arrays[0].Shape[0], noise, network => Call(network, sequences));
    }

    private PreparedBatch Prepared(ModalityBatch batch) => batch as PreparedBatch ?? new PreparedBatch(_preparation.Prepare((SequenceBatch)batch));

    private Tensor Call(nn.Module<Tensor, Tensor, Tensor> network, PreparedBatch sequences)
    {
        var tokens = tensor(sequences.Values<long>(OnnxNames.Tokens, out var shape), [.. shape], device: Device);
        return network.call(tokens, tokens.ne(Scalars.Of(Esm2Alphabet.Padding)));
    }
}
