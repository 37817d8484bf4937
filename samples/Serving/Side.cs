using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.ML;
using Microsoft.ML.GentleClip;

namespace Serving;

/// <summary>One side of the model: reads its inputs from JSON and embeds them in batches.</summary>
internal abstract class Side(string column, string kind, string takes)
{
    public const string PictureKind = "picture";

    /// <summary>The model's input column, by which requests name the side.</summary>
    public string Column => column;

    /// <summary>What an input is, in a word: text, numbers, picture or structure.</summary>
    public string Kind => kind;

    /// <summary>What an input is, in words.</summary>
    public string Takes => takes;

    public abstract long Requests { get; }

    public abstract long Batches { get; }

    /// <exception cref="BadInputException">An input is of another type; the message names it by <paramref name="field"/>.</exception>
    /// <exception cref="ArgumentException">An input cannot be embedded.</exception>
    /// <exception cref="BusyException">The queue is full, or the server is stopping.</exception>
    public abstract Task<IReadOnlyList<ReadOnlyMemory<float>>> EmbedAsync(IReadOnlyList<JsonElement> inputs, Func<int, string> field,
        CancellationToken cancellationToken);

    public abstract Task StopAsync();

    public static Side Of(ITransformer model, Modality modality, ServingOptions options) => modality switch
    {
        TextModality => new Side<string>(model, modality, options, "text", "a text", Text),
        ProteinSequenceModality => new Side<string>(model, modality, options, "text", "an amino-acid sequence, one letter per residue", Text),
        VectorModality => new Side<float[]>(model, modality, options, "numbers", "a list of numbers", Numbers),
        ImageModality => new Side<byte[]>(
            model, modality, options, PictureKind, "a PNG or JPEG picture in base64", input => Picture(input, options.MaximumPixels)),
        ProteinStructureModality =>
            new Side<AlphaCarbonTrace>(model, modality, options, "structure",
                "a list of numbers, x, y and z of each alpha carbon in turn, in angstrom; or {\"coordinates\": such a list, \"sequence\": \"...\"}", Trace),
        _ => throw new InvalidDataException($"Column '{modality.InputColumnName}': a {modality.GetType().Name} cannot be served."),
    };

    private static string Text(JsonElement input) => input.ValueKind == JsonValueKind.String ? input.GetString()! : throw new FormatException();

    private static float[] Numbers(JsonElement input) => input.ValueKind == JsonValueKind.Array
        ? [.. input.EnumerateArray()
            .Select(number => number.ValueKind == JsonValueKind.Number && number.TryGetSingle(out float value) ? value : throw new FormatException())]
        : throw new FormatException();

    private static AlphaCarbonTrace Trace(JsonElement input) =>
        input.ValueKind == JsonValueKind.Object && input.TryGetProperty("coordinates", out var coordinates)
        ? new AlphaCarbonTrace(Numbers(coordinates), input.TryGetProperty("sequence", out var sequence) ? Text(sequence) : null)
        : new AlphaCarbonTrace(Numbers(input));

    // The generator decodes it, with the other pictures of its batch. What the file says of itself is looked at here, so that a bad one costs nobody
    // else anything.
    private static byte[] Picture(JsonElement input, int maximumPixels)
    {
        if (input.ValueKind != JsonValueKind.String || !input.TryGetBytesFromBase64(out byte[]? bytes))
            throw new FormatException();
        var info = PictureInfo.Read(bytes);
        if (info.Format == PictureFormat.Unknown)
            throw new BadPictureException("bytes that are no picture");
        if ((long)info.Width * info.Height > maximumPixels)
            throw new BadPictureException(
                FormattableString.Invariant($"{info.Width} x {info.Height} pixels, more than the {maximumPixels} that this server takes (option --pixels)"));
        return info.Problem is null ? bytes : throw new BadPictureException($"one that cannot be used: {info.Problem}");
    }

    /// <summary>A picture that cannot be served; the message says what it is.</summary>
    protected sealed class BadPictureException(string message) : FormatException(message);
}

/// <summary>A side that takes inputs of one type.</summary>
internal sealed class Side<TInput> : Side
{
    private readonly Func<JsonElement, TInput> _parse;
    private readonly Batcher<TInput, ReadOnlyMemory<float>> _batcher;

    public Side(ITransformer model, Modality modality, ServingOptions options, string kind, string takes,
        Func<JsonElement, TInput> parse)
        : base(modality.InputColumnName, kind, takes)
    {
        _parse = parse;
        var generator = model.CreateEmbeddingGenerator<TInput>(modality.InputColumnName);
        CheckEngine(generator, options.Engine);
        _batcher = new(async inputs => [.. (await generator.GenerateAsync(inputs)).Select(embedding => embedding.Vector)],
            options.MaximumBatch, TimeSpan.FromMilliseconds(options.MaximumWaitMilliseconds), options.QueueLength);
    }

    public override long Requests => _batcher.Requests;

    public override long Batches => _batcher.Batches;

    public override Task<IReadOnlyList<ReadOnlyMemory<float>>> EmbedAsync(IReadOnlyList<JsonElement> inputs, Func<int, string> field,
        CancellationToken cancellationToken)
    {
        var parsed = new List<TInput>(inputs.Count);
        try
        {
            foreach (var input in inputs)
                parsed.Add(_parse(input));
        }
        // Half a surrogate pair, which JSON may hold, is an InvalidOperationException.
        catch (Exception problem) when (problem is FormatException or InvalidOperationException)
        {
            parsed.ForEach(input => (input as IDisposable)?.Dispose());
            string found = problem is BadPictureException ? problem.Message : Shown(inputs[parsed.Count]);
            throw new BadInputException($"{field(parsed.Count)}: expected {Takes}, found {found}.");
        }
        return _batcher.ComputeAsync(parsed, cancellationToken);
    }

    public override Task StopAsync() => _batcher.StopAsync();

    // There is nothing to embed, but an engine that cannot compute says so: now, not at the first request.
    private static void CheckEngine(IEmbeddingGenerator<TInput, Embedding<float>> generator, ScoringEngine? engine)
    {
        try
        {
            generator.GenerateAsync([]).GetAwaiter().GetResult();
        }
        catch (Exception problem) when (engine is not null && problem is NotSupportedException or InvalidOperationException)
        {
            throw new InvalidDataException($"The model cannot be served with --engine {engine}: {problem.Message}", problem);
        }
    }

    private static string Shown(JsonElement input)
    {
        const int most = 40;
        string text = input.ValueKind == JsonValueKind.Undefined ? "nothing" : input.GetRawText();
        return text.Length <= most ? text : $"{text[..most]}...";
    }
}
