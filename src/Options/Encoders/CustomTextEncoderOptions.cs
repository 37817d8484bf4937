using Microsoft.ML.GentleClip.Options;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Settings of an encoder of your own for text: derive a record, give it an <see cref="EncoderKeyAttribute"/>, and pass it to <see cref="Modality.Text"/>. The
/// text arrives as WordPiece tokens.
/// </summary>
/// <remarks><inheritdoc cref="CustomVectorEncoderOptions" path="/remarks/node()"/></remarks>
public abstract record CustomTextEncoderOptions : TextEncoderOptions, ICustomEncoderOptions, IWordPieceOptions
{
    private BertEncoderOptions _tokens = new();
    private string? _weightsFile;

    /// <inheritdoc cref="BertEncoderOptions.VocabularyFile"/>
    public string? VocabularyFile
    {
        get => _tokens.VocabularyFile;
        init => _tokens = _tokens with { VocabularyFile = value };
    }

    /// <inheritdoc cref="BertEncoderOptions.Vocabulary"/>
    public IReadOnlyList<string>? Vocabulary
    {
        get => _tokens.Vocabulary;
        init => _tokens = _tokens with { Vocabulary = value };
    }

    /// <inheritdoc cref="BertEncoderOptions.MaximumVocabularySize"/>
    public int MaximumVocabularySize
    {
        get => _tokens.MaximumVocabularySize;
        init => _tokens = _tokens with { MaximumVocabularySize = value };
    }

    /// <summary>
    /// Tokens of a text that are encoded, [CLS] and [SEP] included, 2 to 65536: of a longer text the first ones, and [SEP] after them. Default 128.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int MaximumLength
    {
        get => _tokens.MaximumLength;
        init => _tokens = _tokens with { MaximumLength = value };
    }

    /// <summary>
    /// Whether the network's weights stay as <see cref="CreateNetwork"/> or <see cref="WeightsFile"/> gave them. It then encodes each training row once.
    /// Default false.
    /// </summary>
    public bool IsFrozen { get; init; }

    /// <inheritdoc cref="CustomVectorEncoderOptions.WeightsFile"/>
    public string? WeightsFile
    {
        get => _weightsFile;
        init => _weightsFile = Check.NotBlank(value, nameof(WeightsFile));
    }

    /// <summary>
    /// Builds the network with fresh weights. Its two inputs are the tokens <c>[batch, length]</c>, int64 from 0 to below <paramref name="vocabularySize"/>,
    /// and a mask of the same shape, Boolean, false at padding, which must not change the result; its output is features <c>[batch, any width]</c>, float32.
    /// Each row begins with [CLS] and ends with [SEP], then padding up to the longest row of the batch. Called several times for a training, and again at load:
    /// each call makes a network of its own. The library owns it, moves it to the device and disposes it.
    /// </summary>
    /// <remarks><inheritdoc cref="CustomVectorEncoderOptions.CreateNetwork" path="/remarks/node()"/></remarks>
    /// <param name="vocabularySize">Number of tokens.</param>
    public abstract nn.Module<Tensor, Tensor, Tensor> CreateNetwork(int vocabularySize);

    internal override int LargestCost => _tokens.LargestCost;

    TextEncoderOptions IWordPieceOptions.WithVocabulary(IReadOnlyList<string> vocabulary) => this with { Vocabulary = vocabulary, VocabularyFile = null };
}
