using Microsoft.ML.GentleClip.OnnxEncoders;
using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>
/// Pictures through an ONNX file, such as a pretrained ResNet, ViT or CLIP: the file computes the features, and is never trained. Each row of a training is
/// computed once. Pictures are made square and cut as <see cref="ImageOptions"/> say, without variation.
/// </summary>
/// <example>
/// <code>
/// var pictures = Modality.Image("PictureEmbedding", "Image", encoder: new OnnxImageEncoderOptions { ModelFile = "resnet18.onnx" });
/// </code>
/// </example>
/// <remarks>See docs/encoders/onnx.md for what is guessed from a graph.</remarks>
public sealed record OnnxImageEncoderOptions : ImageEncoderOptions, IOnnxEncoderOptions
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

    /// <summary>Name of the graph's input of pictures. Null, the default: the one that fits, or an error that lists the inputs.</summary>
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
    /// How the output becomes features. Null, the default: the mean over places for <c>[batch, channels, height, width]</c>, the first token for <c>[batch,
    /// tokens, features]</c>, nothing for <c>[batch, features]</c>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a defined value.</exception>
    public OnnxPooling? Pooling
    {
        get => _pooling;
        init => _pooling = value is { } pooling ? Check.Defined(pooling, nameof(Pooling)) : null;
    }

    /// <summary>Whether features are divided by their length. Null, the default: only for outputs of CLIP, <c>image_embeds</c>.</summary>
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
    private readonly OnnxNormalization? _normalization;

    /// <summary>
    /// What numbers the graph takes for pixels. Null, the default: as <c>preprocessor_config.json</c> beside the file says; else as
    /// <see cref="ImageOptions"/> say, where their mean or deviation is not the usual one; else guessed from the graph (CNTK, CLIP, ViT), else
    /// <see cref="OnnxNormalization.ImageNet"/>. The log says what was taken. A graph that takes bytes gets bytes.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a defined value.</exception>
    public OnnxNormalization? Normalization
    {
        get => _normalization;
        init => _normalization = value is { } normalization ? Check.Defined(normalization, nameof(Normalization)) : null;
    }

    internal override void Validate(ImageOptions images)
    {
        if (WeightsFile is not null || WeightsKey is not null)
            throw new ArgumentException($"{nameof(OnnxImageEncoderOptions)} take their weights from {nameof(ModelFile)}; leave {nameof(WeightsFile)} and "
                + $"{nameof(WeightsKey)} out.");
        OnnxPlan.CheckModelFile(this);
    }
}
