using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.OnnxEncoders.Tokens;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>
/// Makes the plan of a modality, by reading its file and running it once; keeps it as long as the modality lives and the file stays as it is.
/// </summary>
internal static class OnnxPlans
{
    private const string TokenIds = "input_ids", ProbeText = "a";

    private static readonly string[] MaskNames = ["attention_mask", "input_mask", "mask"];
    private static readonly string[] TypeNames = ["token_type_ids", "segment_ids"];
    private static readonly string[] PositionNames = ["position_ids"];
    private static readonly string[] PictureOutputs =
        ["image_embeds", "image_features", "pooler_output", "embedding", "embeddings", "features", "last_hidden_state"];

    private static readonly string[] TextOutputs =
        ["sentence_embedding", "text_embeds", "text_features", "last_hidden_state", "token_embeddings", "embedding", "embeddings", "pooler_output"];

    private static readonly ConditionalWeakTable<Modality, Kept> Made = [];

    /// <summary>The plan, and what was guessed for it, in words.</summary>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">The graph cannot be used so; the message names file, port, expected and found.</exception>
    /// <exception cref="ArgumentException">No file is set.</exception>
    public static (OnnxPlan Plan, IReadOnlyList<string> Notes) Of(Modality modality, IOnnxEncoderOptions options, int inputDimension)
    {
        if (options.Saved is { } saved)
            return (saved, []);
        OnnxPlan.CheckModelFile(options);
        var info = new FileInfo(options.ModelFile!);
        var stamp = (info.FullName, info.Exists ? info.Length : -1, info.Exists ? info.LastWriteTimeUtc.Ticks : 0, inputDimension);
        lock (Made)
        {
            if (Made.TryGetValue(modality, out var kept) && kept.Stamp == stamp)
                return (kept.Plan, kept.Notes);
            var notes = new List<string>();
            var plan = Make(modality, options, inputDimension, notes.Add);
            Made.AddOrUpdate(modality, new Kept(stamp, plan, notes));
            return (plan, notes);
        }
    }

    private static OnnxPlan Make(Modality modality, IOnnxEncoderOptions options, int inputDimension, Action<string> note)
    {
        var content = OnnxContent.Read(options.ModelFile!);
        if (options.Embed && content.Facts.WeightFiles.Count > 0)
            throw new InvalidDataException(
                $"{content.Path} of column '{modality.InputColumnName}': its weights lie in {string.Join(", ", content.Facts.WeightFiles)} "
                + $"beside it, so a saved model cannot hold it. Set {nameof(IOnnxEncoderOptions.Embed)} = false, or write the weights into the file.");
        using var session = OnnxSession.Open(content);
        var graph = new GraphReading(session, content.Path, modality.InputColumnName, note);
        var plan = new OnnxPlan
        {
            Sha256 = content.Sha256,
            Length = content.Bytes.Length,
            FeatureDimension = 0,
            Input = "",
            Output = "",
            Pooling = OnnxPooling.None,
            Normalize = options.Normalize ?? false,
        };
        plan = (modality, options) switch
        {
            (ImageModality pictures, OnnxImageEncoderOptions images) => OfPictures(plan, graph, pictures, images, content.Facts.Producer, note),
            (TextModality, OnnxTextEncoderOptions texts) => OfTexts(plan, graph, modality, texts, note),
            (ProteinSequenceModality, OnnxProteinSequenceEncoderOptions sequences) => OfTokens(plan, graph, sequences, "sequences", note),
            (VectorModality, OnnxVectorEncoderOptions vectors) => OfVectors(plan, graph, vectors, inputDimension),
            _ => throw new NotSupportedException($"There is no ONNX encoder for {modality.GetType().Name} with {options.GetType().Name}."),
        };
        var runner = new OnnxRunner(session, plan, 1, content.Path, modality.InputColumnName);
        plan = plan with { FeatureDimension = runner.Probe(modality, inputDimension) };
        note($"{content.Path} of column '{modality.InputColumnName}': input '{plan.Input}', output '{plan.Output}', {Words(plan)}, "
            + $"{plan.FeatureDimension} features, SHA-256 {plan.Sha256}");
        return plan;
    }

    private static string Words(OnnxPlan plan) => (plan.Pooling switch
    {
        OnnxPooling.Mean => "mean",
        OnnxPooling.FirstToken => "first token",
        _ => "as it is",
    }) + (plan.Normalize ? ", to length 1" : "");

    private static OnnxPlan OfPictures(
        OnnxPlan plan, GraphReading graph, ImageModality modality, OnnxImageEncoderOptions options, string producer, Action<string> note)
    {
        var input = graph.Input(options.InputName, "pictures", 4, [.. OnnxArray.Numbers, TensorElementType.UInt8]);
        graph.Refuse([input.Name], "pictures");
        const int channels = 3;
        var isLast = input.Shape[1] != channels && input.Shape[3] == channels;
        if (!isLast && input.Shape[1] > 0 && input.Shape[1] != channels)
            throw graph.Problem($"input {input} takes {input.Shape[1]} channels; expected [batch, 3, height, width] or [batch, height, width, 3]");
        if (!isLast && input.Shape[1] < 0)
            note($"{options.ModelFile}: input {input} does not say where its channels are; taken to be [batch, 3, height, width]");
        var size = modality.Images.Size;
        var (height, width) = isLast ? (input.Shape[1], input.Shape[2]) : (input.Shape[2], input.Shape[3]);
        if ((height > 0 && height != size) || (width > 0 && width != size))
            throw graph.Problem($"input {input} takes pictures of {height} x {width} pixels; {nameof(ImageOptions)}.{nameof(ImageOptions.Size)} is {size}"
                + (height == width ? $". Set it to {height}" : ", and only squares can be given"));
        var output = graph.Output(options.OutputName, PictureOutputs, [2, 3, 4]);
        var pooling = options.Pooling ?? output.Rank switch { 4 => OnnxPooling.Mean, 3 => OnnxPooling.FirstToken, _ => OnnxPooling.None };
        CheckPooling(graph, output, pooling,
            output.Rank == 4 ? [OnnxPooling.Mean] : output.Rank == 3 ? [OnnxPooling.Mean, OnnxPooling.FirstToken] : [OnnxPooling.None]);
        var numbers = PixelNumbers.Of(options, modality.Images, input, output, producer, note);
        return plan with
        {
            Input = input.Name,
            Output = output.Name,
            Pooling = pooling,
            Normalize = options.Normalize ?? output.Name == "image_embeds",
            ChannelsLast = isLast,
            BlueFirst = numbers.BlueFirst,
            Mean = numbers.Mean,
            StandardDeviation = numbers.StandardDeviation,
        };
    }

    private static OnnxPlan OfTexts(OnnxPlan plan, GraphReading graph, Modality modality, OnnxTextEncoderOptions options, Action<string> note)
    {
        plan = OfTokens(plan, graph, options, "tokens", note);
        var file = TokenizerFile.Find(options.ModelFile!, options.TokenizerFile, modality.InputColumnName);
        if (options.TokenizerFile is null)
            note($"{options.ModelFile}: tokens of {file}, which lies beside it");
        var tokenizer = TokenizerFile.Read(file, options.LowerCase, note);
        return plan with { Tokenizer = tokenizer, Normalize = options.Normalize ?? true, Pooling = PoolingOf(options, plan.Pooling, note) };
    }

    private static OnnxPooling PoolingOf(OnnxTextEncoderOptions options, OnnxPooling guess, Action<string> note)
    {
        if (options.Pooling is not null || guess == OnnxPooling.None)
            return guess;
        foreach (var file in TokenizerFile.Folders(options.ModelFile!).Select(folder => Path.Combine(folder, "1_Pooling", "config.json")).Where(File.Exists))
        {
            try
            {
                var modes = JsonNode.Parse(File.ReadAllBytes(file))!.AsObject()
                    .Where(entry => entry.Key.StartsWith("pooling_mode_", StringComparison.Ordinal) && entry.Value?.GetValue<bool>() == true)
                    .Select(entry => entry.Key).ToArray();
                var pooling = modes switch
                {
                    ["pooling_mode_mean_tokens"] => OnnxPooling.Mean,
                    ["pooling_mode_cls_token"] => OnnxPooling.FirstToken,
                    _ => throw new JsonException($"pooling_mode_mean_tokens or pooling_mode_cls_token alone, found {string.Join(", ", modes)}."),
                };
                note($"{options.ModelFile}: {(pooling == OnnxPooling.Mean ? "mean of the tokens" : "first token")} as {file} says");
                return pooling;
            }
            catch (Exception exception) when (exception is JsonException or InvalidOperationException or NullReferenceException)
            {
                throw new InvalidDataException(
                    $"{file}: expected {exception.Message} Set {nameof(OnnxTextEncoderOptions)}.{nameof(OnnxTextEncoderOptions.Pooling)}.", exception);
            }
        }
        note($"{options.ModelFile}: mean of the tokens, as most sentence transformers; {nameof(OnnxTextEncoderOptions.Pooling)} says it otherwise");
        return guess;
    }

    private static OnnxPlan OfTokens(OnnxPlan plan, GraphReading graph, IOnnxEncoderOptions options, string what, Action<string> note)
    {
        var name = options.InputName ?? graph.Inputs.FirstOrDefault(port => port.Name == TokenIds)?.Name;
        var input = graph.Input(name, what, 2, OnnxArray.Integers);
        var (mask, types, positions) = (Other(MaskNames, [.. OnnxArray.Integers, TensorElementType.Float]), Other(TypeNames, OnnxArray.Integers),
            Other(PositionNames, OnnxArray.Integers));
        graph.Refuse([input.Name, mask, types, positions], what);
        var output = graph.Output(options.OutputName, TextOutputs, [2, 3]);
        var pooling = options.Pooling ?? (output.Rank == 3 ? OnnxPooling.Mean : OnnxPooling.None);
        CheckPooling(graph, output, pooling, output.Rank == 3 ? [OnnxPooling.Mean, OnnxPooling.FirstToken] : [OnnxPooling.None]);
        int? fixedLength = input.Shape[1] > 0 ? input.Shape[1] : null;
        if (fixedLength is { } length)
            note($"{options.ModelFile}: input {input} takes {length} tokens: longer {what} are cut, shorter ones padded");
        if (mask is null)
            note($"{options.ModelFile}: takes no mask, so "
                + (fixedLength is null ? $"{what} are padded with nothing, and those of one length are computed together" : "padding counts as text"));
        return plan with
        {
            Input = input.Name,
            Output = output.Name,
            Pooling = pooling,
            Mask = mask,
            Types = types,
            Positions = positions,
            FixedLength = fixedLength,
        };

        string? Other(string[] names, IReadOnlyList<TensorElementType> expected) => graph.Inputs.FirstOrDefault(port => names.Contains(port.Name)) switch
        {
            null => null,
            { IsTensor: true, Rank: 2 } port when expected.Contains(port.Type) => port.Name,
            var port => throw graph.Problem($"input {port} cannot take what belongs to {what}; expected 2 dimensions of {string.Join(", ", expected)}"),
        };
    }

    private static OnnxPlan OfVectors(OnnxPlan plan, GraphReading graph, OnnxVectorEncoderOptions options, int inputDimension)
    {
        if (options.Standardize)
            throw graph.Problem(
                $"an ONNX file takes vectors as they are; expected {nameof(OnnxVectorEncoderOptions)}.{nameof(options.Standardize)} to be false");
        var input = graph.Input(options.InputName, "vectors", 2, OnnxArray.Numbers);
        graph.Refuse([input.Name], "vectors");
        if (input.Shape[1] > 0 && input.Shape[1] != inputDimension)
            throw graph.Problem($"input {input} takes vectors of {input.Shape[1]} numbers; the column has {inputDimension}");
        var output = graph.Output(options.OutputName, PictureOutputs, [2, 3]);
        var pooling = options.Pooling ?? (output.Rank == 3 ? OnnxPooling.Mean : OnnxPooling.None);
        CheckPooling(graph, output, pooling, output.Rank == 3 ? [OnnxPooling.Mean, OnnxPooling.FirstToken] : [OnnxPooling.None]);
        return plan with { Input = input.Name, Output = output.Name, Pooling = pooling };
    }

    private static void CheckPooling(GraphReading graph, GraphPort output, OnnxPooling pooling, IReadOnlyList<OnnxPooling> possible)
    {
        if (!possible.Contains(pooling))
            throw graph.Problem($"output {output} cannot be pooled by {pooling}; expected {string.Join(" or ", possible)}");
    }

    /// <summary>One sample, to see what the graph makes of it.</summary>
    private static int Probe(this OnnxRunner runner, Modality modality, int inputDimension)
    {
        var plan = runner.Plan;
        switch (modality)
        {
            case ImageModality pictures:
                return runner.Width(new float[3 * pictures.Images.Size * pictures.Images.Size],
                    plan.ChannelsLast ? [pictures.Images.Size, pictures.Images.Size, 3] : [3, pictures.Images.Size, pictures.Images.Size]);
            case VectorModality:
                return runner.Width(new float[inputDimension], [inputDimension]);
            case TextModality { Encoder: OnnxTextEncoderOptions options }:
                var tokens = plan.Tokenizer!.Create(options.MaximumLength);
                return runner.Width(new TextRows(tokens, [tokens.Encode(ProbeText)]));
            default:
                return runner.Width(new SequenceRows([new byte[] { (byte)Modalities.Esm2Alphabet.Unknown }]));
        }
    }

    private sealed record Kept((string, long, long, int) Stamp, OnnxPlan Plan, IReadOnlyList<string> Notes);
}
