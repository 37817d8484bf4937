using Microsoft.ML.GentleClip.Modalities;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>A user's network over WordPiece tokens.</summary>
internal sealed class CustomTextEncoder : CustomEncoder<nn.Module<Tensor, Tensor, Tensor>>
{
    private const int ProbeRows = 2, ProbeLength = 3;

    private readonly TextTokenizer _tokenizer;

    /// <summary>Creates the encoder of settings that have a vocabulary, with fresh weights.</summary>
    public CustomTextEncoder(CustomTextEncoderOptions options, string column, Generator generator)
        : base(options, column, () => options.CreateNetwork(options.Vocabulary!.Count), generator)
    {
        _tokenizer = new TextTokenizer(options);
        RegisterComponents();
        Probe(ProbeRows, network => network.call(zeros(ProbeRows, ProbeLength, dtype: ScalarType.Int64), ones(ProbeRows, ProbeLength, dtype: ScalarType.Bool)));
    }

    /// <inheritdoc/>
    public override Tensor Encode(ModalityBatch batch, NoiseSource? noise)
    {
        var texts = WordPieceRows.Of(_tokenizer, ((TextBatch)batch).Texts);
        var tokens = texts.Pad(out var length);
        var mask = texts.Mask(length, true);
        return Run(texts.Count, noise, network => network.call(
            tensor(tokens, [texts.Count, length], device: Device), tensor(mask, [texts.Count, length], device: Device)));
    }
}
