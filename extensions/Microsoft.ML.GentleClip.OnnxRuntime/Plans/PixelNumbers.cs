using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.GentleClip.OnnxEncoders.Tokens;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>What is subtracted from pixels from 0 to 1, and what they are divided by then.</summary>
/// <param name="Mean">Of red, green and blue.</param>
/// <param name="StandardDeviation">Likewise.</param>
/// <param name="BlueFirst">Whether blue comes first.</param>
internal sealed record PixelNumbers(double[] Mean, double[] StandardDeviation, bool BlueFirst = false)
{
    private const string Configuration = "preprocessor_config.json", Cntk = "CNTK";
    private const double Byte = 255;

    // Mean of the picture that Microsoft.ML.DnnImageFeaturizer's preprocessing subtracts, over its places.
    private static readonly double[] MeanOfImageNet = [123.151634 / Byte, 115.902885 / Byte, 103.06262 / Byte];

    /// <summary>The numbers of settings, of a configuration beside the file, or of what the graph looks like.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="images">Those of the column.</param>
    /// <param name="input">The graph's input.</param>
    /// <param name="output">Its output.</param>
    /// <param name="producer">Who made the file.</param>
    /// <param name="note">Told what was taken and why.</param>
    /// <exception cref="InvalidDataException">The configuration cannot be used.</exception>
    public static PixelNumbers Of(
        OnnxImageEncoderOptions options, ImageOptions images, GraphPort input, GraphPort output, string producer, Action<string> note)
    {
        var file = options.ModelFile!;
        if (input.Type == TensorElementType.UInt8)
            return Named(OnnxNormalization.Bytes, images);
        if (options.Normalization is { } asked)
            return Named(asked, images);
        foreach (var configuration in TokenizerFile.Folders(file).Select(folder => Path.Combine(folder, Configuration)).Where(File.Exists))
        {
            var numbers = Read(configuration);
            note($"{file}: pixels {numbers.Words()} as {configuration} says");
            return numbers;
        }
        var usual = new ImageOptions();
        var (guess, why) = !images.Mean.SequenceEqual(usual.Mean) || !images.StandardDeviation.SequenceEqual(usual.StandardDeviation)
            ? (OnnxNormalization.ImageOptions, $"as {nameof(ImageOptions)} say")
            : producer == Cntk ? (OnnxNormalization.BlueGreenRedLessMean, "as networks of CNTK take them")
            : output.Name is "image_embeds" or "image_features" ? (OnnxNormalization.Clip, "as CLIP takes them, by the output's name")
            : output.Rank == 3 ? (OnnxNormalization.MinusOneToOne, "as most vision transformers take them, by the output's shape")
            : (OnnxNormalization.ImageNet, "as most networks of pictures take them");
        note($"{file}: pixels {Named(guess, images).Words()}, {why}; {nameof(OnnxImageEncoderOptions.Normalization)} says it otherwise");
        return Named(guess, images);
    }

    /// <summary>The numbers in words.</summary>
    public string Words() => FormattableString.Invariant($"{(BlueFirst ? "blue first, " : "")}of 0 to 1 less {List(Mean)}, by {List(StandardDeviation)}");

    private static string List(double[] numbers) => string.Join(" / ", numbers.Select(number => FormattableString.Invariant($"{number:0.####}")));

    private static PixelNumbers Named(OnnxNormalization normalization, ImageOptions images)
    {
        return normalization switch
        {
            OnnxNormalization.ImageOptions => new([.. images.Mean], [.. images.StandardDeviation]),
            OnnxNormalization.ImageNet => new([.. ImageOptions.Defaults.Mean], [.. ImageOptions.Defaults.StandardDeviation]),
            OnnxNormalization.Clip => new([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]),
            OnnxNormalization.MinusOneToOne => new(Three(0.5), Three(0.5)),
            OnnxNormalization.Bytes => new(Three(0), Three(1 / Byte)),
            OnnxNormalization.BlueGreenRedLessMean => new(MeanOfImageNet, Three(1 / Byte), BlueFirst: true),
            _ => new(Three(0), Three(1)),
        };

        static double[] Three(double value) => [value, value, value];
    }

    private static PixelNumbers Read(string configuration)
    {
        try
        {
            var root = JsonNode.Parse(File.ReadAllBytes(configuration)) ?? throw new JsonException("it is null");
            var factor = root["do_rescale"]?.GetValue<bool>() == false ? 1 : root["rescale_factor"]?.GetValue<double>() ?? 1 / Byte;
            var normalizes = root["do_normalize"]?.GetValue<bool>() != false;
            var (mean, deviation) = (Numbers(root, "image_mean", normalizes, 0), Numbers(root, "image_std", normalizes, 1));
            // Of bytes times a factor, in terms of bytes by 255.
            var scale = factor * Byte;
            return new PixelNumbers(Array.ConvertAll(mean, value => value / scale), Array.ConvertAll(deviation, value => value / scale));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{configuration}: expected a JSON object with image_mean and image_std, three numbers each: {exception.Message} "
                + $"Set {nameof(OnnxImageEncoderOptions)}.{nameof(OnnxImageEncoderOptions.Normalization)}.", exception);
        }
    }

    private static double[] Numbers(JsonNode root, string name, bool isUsed, double otherwise) => !isUsed ? [otherwise, otherwise, otherwise]
        : root[name]?.AsArray().Select(number => number!.GetValue<double>()).ToArray() is { Length: 3 } three ? three
        : throw new JsonException($"'{name}' is {root[name]?.ToJsonString() ?? "not there"}");
}
