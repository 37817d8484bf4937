using System.Globalization;
using System.Net;
using Microsoft.Extensions.AI;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.GentleClip.EmbeddingGenerators;

/// <summary>A generator with all that stands between it and a column: batches, repeated calls, the cache, and what is checked of its answers.</summary>
internal sealed class GeneratorCalls
{
    private readonly IEmbeddingGenerator<string, Embedding<float>> _generator;
    private readonly EmbedOptions _options;
    private readonly IHostEnvironment _environment;
    private readonly EmbeddingCache? _cache;
    private readonly string _column;
    private long _embedded, _fromCache, _calls;

    /// <summary>Takes a generator, which stays its owner's.</summary>
    /// <exception cref="ArgumentException">There is a cache, and nobody says which model its entries are of.</exception>
    public GeneratorCalls(IHostEnvironment environment, IEmbeddingGenerator<string, Embedding<float>> generator, EmbedOptions options, string column)
    {
        (_environment, _generator, _options, _column) = (environment, generator, options, column);
        var metadata = MetadataOf(generator);
        ModelId = options.ModelId ?? metadata?.DefaultModelId;
        Provider = metadata?.ProviderName;
        if (options.CacheDirectory is not { } folder)
            return;
        if (string.IsNullOrWhiteSpace(ModelId))
            throw new ArgumentException(
                $"The generator of column '{column}' does not say which model it is, so that its entries in the cache could be taken for another's; set "
                + $"{nameof(EmbedOptions)}.{nameof(EmbedOptions.ModelId)}, or no {nameof(EmbedOptions.CacheDirectory)}.", nameof(options));
        _cache = new EmbeddingCache(Path.GetFullPath(folder), Provider ?? "", metadata?.ProviderUri?.ToString() ?? "", ModelId,
            options.Dimensions?.ToString(CultureInfo.InvariantCulture) ?? "");
    }

    /// <summary>The model, or null.</summary>
    public string? ModelId { get; }

    /// <summary>Who runs it, or null.</summary>
    public string? Provider { get; }

    /// <summary>Most texts of a call.</summary>
    public int BatchSize => _options.BatchSize;

    /// <summary>Length of the embeddings, where options or generator tell it.</summary>
    public int? Dimension => _options.Dimensions ?? MetadataOf(_generator)?.DefaultModelDimensions;

    /// <summary>What a generator says of itself, or null.</summary>
    public static EmbeddingGeneratorMetadata? MetadataOf(IEmbeddingGenerator generator) =>
        generator.GetService(typeof(EmbeddingGeneratorMetadata)) as EmbeddingGeneratorMetadata;

    /// <summary>Embeddings of texts, in their order.</summary>
    /// <param name="texts">Distinct, none of them blank, each with the first row that has it.</param>
    /// <param name="dimension">Expected length; null for any.</param>
    /// <exception cref="InvalidOperationException">The generator gave something else; the message names the row.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public float[][] Embed(IReadOnlyList<(string Text, long Row)> texts, int? dimension)
    {
        var result = new float[texts.Count][];
        var missing = new List<int>();
        for (var i = 0; i < texts.Count; i++)
        {
            if (_cache?.Find(texts[i].Text) is { } kept)
            {
                Check(kept, texts[i].Row, dimension, "The cache");
                result[i] = kept;
                _fromCache++;
            }
            else
                missing.Add(i);
        }
        if (missing.Count < texts.Count)
            Report();
        foreach (var part in missing.Chunk(_options.BatchSize))
        {
            var answers = Call([.. part.Select(i => texts[i].Text)], texts[part[0]].Row);
            for (var i = 0; i < part.Length; i++)
            {
                var row = texts[part[i]].Row;
                var vector = answers[i]?.Vector.ToArray() ?? throw Problem(row, "gave null; expected an embedding");
                Check(vector, row, dimension, "The generator");
                dimension ??= vector.Length;
                result[part[i]] = vector;
            }
            // All of a call are good before one is kept.
            foreach (var i in part)
                _cache?.Keep(texts[i].Text, result[i]);
            _embedded += part.Length;
            Report();
        }
        return result;
    }

    private GeneratedEmbeddings<Embedding<float>> Call(string[] texts, long row)
    {
        var options = _options.ModelId is null && _options.Dimensions is null ? null
            : new EmbeddingGenerationOptions { ModelId = _options.ModelId, Dimensions = _options.Dimensions };
        for (var attempt = 0; ; attempt++)
        {
            CheckCancelled();
            _calls++;
            try
            {
                // On the pool: an answer must not wait for a context that the caller blocks.
                var answers = Task.Run(() => _generator.GenerateAsync(texts, options, _options.CancellationToken), _options.CancellationToken)
                    .GetAwaiter().GetResult();
                return answers is not null && answers.Count == texts.Length ? answers
                    : throw Problem(row, $"gave {answers?.Count ?? 0} embeddings for {texts.Length} texts from this row on");
            }
            catch (Exception exception) when (IsTransient(exception))
            {
                CheckCancelled(); // whatever the call made of it
                if (attempt >= _options.MaximumRetries)
                    throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                        $"The generator of column '{_column}' failed {attempt + 1} times for {texts.Length} texts from row {row} on: {exception.Message}"),
                            exception);
                Wait(attempt);
            }
        }
    }

    private void Wait(int attempt)
    {
        const int longestDoubling = 30;
        var delay = TimeSpan.FromTicks(Math.Min(_options.MaximumDelay.Ticks,
            (long)Math.Min(long.MaxValue / 2, _options.FirstDelay.Ticks * Math.Pow(2, Math.Min(attempt, longestDoubling)))));
        // The context's own cancellation has no token to wait on.
        var step = TimeSpan.FromMilliseconds(100);
        for (; delay > TimeSpan.Zero; delay -= step)
        {
            CheckCancelled();
            _options.CancellationToken.WaitHandle.WaitOne(delay < step ? delay : step);
        }
        CheckCancelled();
    }

    private void CheckCancelled()
    {
        _options.CancellationToken.ThrowIfCancellationRequested();
        if (HostSettings.IsCanceled(_environment))
            throw new OperationCanceledException("The embedding was cancelled through the MLContext.");
    }

    private bool IsTransient(Exception exception)
    {
        if (_options.IsTransient is { } own)
            return own(exception);
        return exception switch
        {
            HttpRequestException http => http.StatusCode is not { } status || IsTransient((int)status),
            TimeoutException or IOException or TaskCanceledException => true, // of an HttpClient whose time is up
            // Clients of services have exceptions of their own, with the status.
            _ => exception.GetType().GetProperty("Status")?.GetValue(exception) is int status && IsTransient(status),
        };

        static bool IsTransient(int status) =>
            status is (int)HttpStatusCode.RequestTimeout or (int)HttpStatusCode.TooManyRequests or >= (int)HttpStatusCode.InternalServerError;
    }

    private void Check(float[] vector, long row, int? dimension, string who)
    {
        if (vector.Length == 0 || (dimension is { } expected && vector.Length != expected))
            throw Problem(row, $"gave {vector.Length} numbers; expected {dimension?.ToString(CultureInfo.InvariantCulture) ?? "some"}", who);
        var slot = Array.FindIndex(vector, value => !float.IsFinite(value));
        if (slot >= 0)
            throw Problem(row, $"gave {vector[slot]} in slot {slot}; expected finite numbers", who);
    }

    private void Report() => _options.Progress?.Report(new EmbedProgress(_embedded, _fromCache, _calls, _cache?.Damaged ?? 0));

    private InvalidOperationException Problem(long row, string problem, string who = "The generator") =>
        new(string.Create(CultureInfo.InvariantCulture, $"Row {row}, column '{_column}': {char.ToLowerInvariant(who[0])}{who[1..]} {problem}."));
}
