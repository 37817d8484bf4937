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
        var texts = ((TextBatch)batch).Texts.Select(text => _tokenizer.Encode(text.Span)).ToArray();
        var length = texts.Max(text => text.Length);
        var (tokens, mask) = (new long[texts.Length * length], new bool[texts.Length * length]);
        Array.Fill(tokens, _tokenizer.Padding);
        for (var row = 0; row < texts.Length; row++)
        {
            texts[row].Select(token => (long)token).ToArray().CopyTo(tokens, row * length);
            mask.AsSpan(row * length, texts[row].Length).Fill(true);
        }
        return Run(texts.Length, noise, network => network.call(tensor(tokens, [texts.Length, length], device: Device), tensor(mask, [texts.Length, length], device: Device)));
    }
}
