using Microsoft.ML.GentleClip.OnnxEncoders;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Amino-acid sequences through an ONNX file that takes the tokens of ESM-2: 0, the residues' numbers, 2, and padding 1. The file computes the features, and is
/// never trained. Each row of a training is computed once.
/// </summary>
/// <remarks>See docs/encoders/onnx.md.</remarks>
/// <example>
/// <code>
/// var sequences = Modality.ProteinSequence("SequenceEmbedding", "Sequence", new OnnxProteinSequenceEncoderOptions { ModelFile = "esm2_t12.onnx" });
/// </code>
/// </example>
public sealed record OnnxProteinSequenceEncoderOptions : ProteinSequenceEncoderOptions, IOnnxEncoderOptions
{
    private string? _modelFile, _inputName, _outputName;
    private OnnxPooling? _pooling;
    private int _batchSize = 16;

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
    /// How the output becomes features. Null, the default: nothing for <c>[batch, features]</c>, the mean over the tokens for <c>[batch, tokens,
    /// features]</c>, both ends included.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a defined value.</exception>
    public OnnxPooling? Pooling
    {
        get => _pooling;
        init => _pooling = value is { } pooling ? Check.Defined(pooling, nameof(Pooling)) : null;
    }

    /// <summary>Whether features are divided by their length. Null, the default: no.</summary>
    public bool? Normalize { get; init; }

    /// <summary>Most samples of one run of the graph, 1 to 1024; a graph of a fixed batch takes that. Default 16.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int BatchSize
    {
        get => _batchSize;
        init => _batchSize = Check.InRange(value, 1, 1024, nameof(BatchSize));
    }

    /// <summary>What was decided at the training, of settings out of a saved model.</summary>
    internal OnnxPlan? Saved { get; init; }

    OnnxPlan? IOnnxEncoderOptions.Saved => Saved;
    private readonly int _maximumLength = 1022;

    /// <summary>Residues of a sequence that are encoded, the first ones, 1 to 65534. Default 1022.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int MaximumLength
    {
        get => _maximumLength;
        init => _maximumLength = Check.InRange(value, 1, 65534, nameof(MaximumLength));
    }

    internal override void Validate() => OnnxPlan.CheckModelFile(this);
}
