using Microsoft.ML.GentleClip.Options;

namespace Microsoft.ML.GentleClip;

/// <summary>How <c>mlContext.Transforms.Embed</c> calls a generator, and where it keeps what it was given.</summary>
public sealed record EmbedOptions
{
    private string? _modelId, _cacheDirectory;
    private int? _dimensions;
    private int _batchSize = 64, _maximumRetries = 4;
    private TimeSpan _firstDelay = TimeSpan.FromSeconds(1), _maximumDelay = TimeSpan.FromSeconds(30);

    /// <summary>Model to ask the generator for; null, the default, is the generator's own. It is saved, and is part of the cache's keys.</summary>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public string? ModelId
    {
        get => _modelId;
        init => _modelId = Check.NotBlank(value, nameof(ModelId));
    }

    /// <summary>Length to ask the generator for, 1 or more; null, the default, is the generator's own. Another length is an error.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int? Dimensions
    {
        get => _dimensions;
        init => _dimensions = value is { } dimensions ? Check.InRange(dimensions, 1, 1 << 20, nameof(Dimensions)) : null;
    }

    /// <summary>Most texts of a call, 1 to 65536. Default 64.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int BatchSize
    {
        get => _batchSize;
        init => _batchSize = Check.InRange(value, 1, 65536, nameof(BatchSize));
    }

    /// <summary>How often a failed call is made again, 0 to 100. Default 4. See <see cref="IsTransient"/> for which are.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Out of range.</exception>
    public int MaximumRetries
    {
        get => _maximumRetries;
        init => _maximumRetries = Check.InRange(value, 0, 100, nameof(MaximumRetries));
    }

    /// <summary>Wait before the second call; each further one waits twice as long. Default one second.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public TimeSpan FirstDelay
    {
        get => _firstDelay;
        init => _firstDelay = NotNegative(value, nameof(FirstDelay));
    }

    /// <summary>Longest wait between two calls. Default 30 seconds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public TimeSpan MaximumDelay
    {
        get => _maximumDelay;
        init => _maximumDelay = NotNegative(value, nameof(MaximumDelay));
    }

    /// <summary>
    /// Whether a call that failed so may be made again. Null, the default: time-outs, broken connections, and HTTP statuses 408, 429 and 5xx.
    /// </summary>
    public Func<Exception, bool>? IsTransient { get; init; }

    /// <summary>
    /// Folder in which each text's embedding is kept, so that it is asked for once; made where it is not there. Null, the default, keeps nothing. Several
    /// processes and several models may share one. Nothing is ever deleted.
    /// </summary>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public string? CacheDirectory
    {
        get => _cacheDirectory;
        init => _cacheDirectory = Check.NotBlank(value, nameof(CacheDirectory));
    }

    /// <summary>Told after each call and each batch out of the cache. Default null.</summary>
    public IProgress<EmbedProgress>? Progress { get; init; }

    /// <summary>Stops calls and waits.</summary>
    public CancellationToken CancellationToken { get; init; }

    private static TimeSpan NotNegative(TimeSpan value, string name) => value >= TimeSpan.Zero ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must not be negative.");
}
