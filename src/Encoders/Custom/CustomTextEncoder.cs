using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.OnnxWriter;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A user's network over WordPiece tokens.</summary>
internal sealed class CustomTextEncoder : CustomEncoder<nn.Module<Tensor, Tensor, Tensor>>
{
    private const int ProbeRows = 2, ProbeLength = 3;

    private readonly TextPreparation _preparation;

    /// <summary>Creates the encoder of settings that have a vocabulary, with fresh weights.</summary>
    public CustomTextEncoder(CustomTextEncoderOptions options, string column, Generator generator)
        : base(options, column, () => options.CreateNetwork(options.Vocabulary!.Count), generator)
    {
        _preparation = new TextPreparation(new TextTokenizer(options));
        RegisterComponents();
        Probe(ProbeRows, network => network.call(zeros(ProbeRows, ProbeLength, dtype: ScalarType.Int64), ones(ProbeRows, ProbeLength, dtype: ScalarType.Bool)));
    }

    /// <inheritdoc/>
    public override Func<ModalityBatch> Prepare(ModalityBatch batch, NoiseSource? noise) => () => new PreparedBatch(_preparation.Prepare((TextBatch)batch));

    /// <inheritdoc/>
    public override Tensor Encode(ModalityBatch batch, NoiseSource? noise)
    {
        var texts = batch as PreparedBatch ?? (PreparedBatch)Prepare(batch, noise)();
        var (tokens, mask) = (texts.Values<long>(OnnxNames.Tokens, out var shape), texts.Values<long>(OnnxNames.Mask, out _));
        long[] sizes = [.. shape];
        return Run(sizes[0], noise, network => network.call(
            tensor(tokens, sizes, device: Device), tensor(mask, sizes, device: Device).to(ScalarType.Bool)));
    }
}
