using Microsoft.ML.GentleClip.OnnxEncoders.Tokens;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>
/// How a graph is run, decided once at the training: nothing of it is guessed again at load. Plain data, saved with the model.
/// </summary>
internal sealed record OnnxPlan
{
    /// <summary>SHA-256 of the file, in hexadecimal digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Bytes of the file.</summary>
    public required long Length { get; init; }

    /// <summary>Width of the features.</summary>
    public required int FeatureDimension { get; init; }

    /// <summary>The input of pictures, vectors or tokens.</summary>
    public required string Input { get; init; }

    /// <summary>The output.</summary>
    public required string Output { get; init; }

    /// <summary>What is done to the output.</summary>
    public required OnnxPooling Pooling { get; init; }

    /// <summary>Whether features get length 1.</summary>
    public required bool Normalize { get; init; }

    /// <summary>The input of the tokens' mask, or null.</summary>
    public string? Mask { get; init; }

    /// <summary>The input of the tokens' types, all 0, or null.</summary>
    public string? Types { get; init; }

    /// <summary>The input of the tokens' positions, or null.</summary>
    public string? Positions { get; init; }

    /// <summary>Tokens of every text, where the graph wants a fixed number.</summary>
    public int? FixedLength { get; init; }

    /// <summary>Whether the channels come last.</summary>
    public bool ChannelsLast { get; init; }

    /// <summary>Whether blue comes first.</summary>
    public bool BlueFirst { get; init; }

    /// <summary>What is subtracted from red, green and blue from 0 to 1.</summary>
    public double[]? Mean { get; init; }

    /// <summary>What they are divided by then.</summary>
    public double[]? StandardDeviation { get; init; }

    /// <summary>How texts become tokens.</summary>
    public TokenizerData? Tokenizer { get; init; }

    /// <summary>Refuses settings without a file.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static void CheckModelFile(IOnnxEncoderOptions options)
    {
        if (options.ModelFile is null && options.Saved is null)
            throw new ArgumentException($"{options.GetType().Name}.{nameof(IOnnxEncoderOptions.ModelFile)} is not set; expected the path of an ONNX file.");
    }

    /// <summary>Refuses a plan that a damaged or forged file describes.</summary>
    /// <exception cref="FormatException">It cannot be.</exception>
    public OnnxPlan Checked()
    {
        const int digits = 64, widest = 1 << 20;
        var problem = Sha256.Length != digits || !Sha256.All(char.IsAsciiHexDigitLower) ? $"a SHA-256 of '{Sha256}'"
            : FeatureDimension is < 1 or > widest ? $"{FeatureDimension} features"
            : Length is < 1 or > int.MaxValue ? $"a file of {Length} bytes"
            : FixedLength is < 1 ? $"texts of {FixedLength} tokens"
            : Mean is { Length: not 3 } || StandardDeviation is { Length: not 3 } || (Mean is null) != (StandardDeviation is null) ? "no three channels"
            : StandardDeviation?.Any(value => !(value > 0) || !double.IsFinite(value)) == true || Mean?.Any(value => !double.IsFinite(value)) == true
                ? "a mean or deviation that is no number"
            : null;
        return problem is null ? this : throw new FormatException($"The saved model describes an ONNX encoder with {problem}.");
    }
}
