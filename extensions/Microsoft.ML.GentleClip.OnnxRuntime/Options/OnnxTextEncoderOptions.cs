using Microsoft.ML.GentleClip.OnnxEncoders;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Text through an ONNX file, such as a sentence transformer: the file computes the features, and is never trained. Each row of a training is computed once.
/// </summary>
/// <example>
/// <code>
/// var captions = Modality.Text("CaptionEmbedding", "Caption", new OnnxTextEncoderOptions { ModelFile = "all-MiniLM-L6-v2/onnx/model.onnx" });
/// </code>
/// </example>
/// <remarks>See docs/encoders/onnx.md for what is guessed from a graph.</remarks>
public sealed record OnnxTextEncoderOptions : TextEncoderOptions, IOnnxEncoderOptions
{
    private string? _modelFile, _inputName, _outputName;
    private OnnxPooling? _pooling;
    private int _batchSize = 32;

    /// <summary>
    /// The ONNX file, of at most 2 GB; weights in files beside it are found. Read by <c>Fit</c>. A saved model names it, with the SHA-256 of its content, and
    /// needs it at load, unless <see cref="Embed"/> is set.
    /// </summary>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public string? ModelFile
    {
        get => _modelFile;
        init => _modelFile = Check.NotBlank(value, nameof(ModelFile));
    }

    /// <summary>
    /// Whether a saved model holds the file's content, and so needs no file at load; it grows by the file's size, as does the memory. Default false: the model
    /// names the file and its hash. Not for files whose weights are in others.
    /// </summary>
    public bool Embed { get; init; }

    /// <summary>Name of the graph's input of tokens. Null, the default: the one that fits, or an error that lists the inputs.</summary>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public string? InputName
    {
        get => _inputName;
        init => _inputName = Check.NotBlank(value, nameof(InputName));
    }

    /// <summary>
    /// Name of the output to take. Null, the default: the only one, else the one that published models call their features; the log says which.
    /// </summary>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public string? OutputName
    {
        get => _outputName;
        init => _outputName = Check.NotBlank(value, nameof(OutputName));
    }

    /// <summary>
    /// How the output becomes features. Null, the default: as <c>1_Pooling/config.json</c> of the download says; else nothing for <c>[batch, features]</c>
    /// and the mean over the tokens for <c>[batch, tokens, features]</c>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a defined value.</exception>
    public OnnxPooling? Pooling
    {
        get => _pooling;
        init => _pooling = value is { } pooling ? Check.Defined(pooling, nameof(Pooling)) : null;
    }

    /// <summary>Whether features are divided by their length. Null, the default: yes.</summary>
    public bool? Normalize { get; init; }

    /// <summary>Most samples of one run of the graph, 1 to 1024; a graph of a fixed batch takes that. Default 32.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int BatchSize
    {
        get => _batchSize;
        init => _batchSize = Check.InRange(value, 1, 1024, nameof(BatchSize));
    }

    /// <summary>What was decided at the training, of settings out of a saved model.</summary>
    internal OnnxPlan? Saved { get; init; }

    OnnxPlan? IOnnxEncoderOptions.Saved => Saved;
    private readonly string? _tokenizerFile;
    private readonly int _maximumLength = 128;

    /// <summary>
    /// The tokens' file as it is downloaded: <c>vocab.txt</c> of WordPiece, or <c>tokenizer.json</c> of WordPiece or of BPE over bytes (GPT-2, RoBERTa,
    /// CLIP); other tokenizers are refused by name. Null, the default: the one in the folder of <see cref="ModelFile"/> or the folder above. A saved model
    /// holds what it needs of it.
    /// </summary>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public string? TokenizerFile
    {
        get => _tokenizerFile;
        init => _tokenizerFile = Check.NotBlank(value, nameof(TokenizerFile));
    }

    /// <summary>
    /// Tokens of a text that are encoded, the special ones at its ends included, 2 to 65536: of a longer text the first ones. A graph of a fixed length takes
    /// at most that. Default 128.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int MaximumLength
    {
        get => _maximumLength;
        init => _maximumLength = Check.InRange(value, 2, 65536, nameof(MaximumLength));
    }

    internal override int LargestCost => MaximumLength;
}
