using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>
/// Keeps a model's weights alive while threads compute with them: disposal turns new users away at once, and the last user out frees the
/// weights. Native memory freed under a running forward pass would end the process.
/// </summary>
/// <param name="model">Taken over; null where its weights are no native memory.</param>
/// <param name="owner">Name of the transformer's type, for errors.</param>
internal sealed class SharedModel(IDisposable? model, string owner = nameof(GentleClipTransformer)) : IDisposable
{
    private readonly List<IDisposable> _others = [];
    private readonly Lock _gate = new();
    private int _users;
    private bool _disposed;
    private WeightCasts? _casts;

    /// <summary>Takes part in using the weights until the result is disposed.</summary>
    /// <param name="precision">The numbers that encoders called meanwhile multiply; one that <see cref="Set"/> took.</param>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public Use Enter(EncoderPrecision precision = EncoderPrecision.Float32)
    {
        lock (_gate)
        {
            ThrowIfDisposed();
            _users++;
            // Kept to the end: other threads may compute with them.
            return new Use(this, WeightCasts.Enter(precision == EncoderPrecision.Float32 ? null : _casts ??= WeightCasts.For(precision)));
        }
    }

    /// <summary>Sets what views made from now on are computed with, if it can compute.</summary>
    /// <param name="options">Precision and engine.</param>
    /// <param name="device">Where the model lives; null where it has no libtorch.</param>
    /// <param name="set">Sets them.</param>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <exception cref="NotSupportedException">The device or the engine has no such products.</exception>
    public void Set(ScoringOptions options, Device? device, Action set)
    {
        const string setting = $"{nameof(ScoringOptions)}.{nameof(ScoringOptions.Precision)}";
        var precision = options.Precision;
        if (precision != EncoderPrecision.Float32 && (device is null || options.Engine == ScoringEngine.OnnxRuntime))
            throw new NotSupportedException(
                $"{setting} is {precision}, which is of libtorch's products, and {(device is null ? "there is no libtorch" : $"Engine is {options.Engine}")}. "
                + $"Choose {nameof(EncoderPrecision.Float32)}{(device is null ? "" : $", or Engine = {nameof(ScoringEngine.Torch)}")}.");
        if (precision != EncoderPrecision.Float32)
            BFloat16Products.ThrowIfMissing(setting, device!);
        lock (_gate)
        {
            ThrowIfDisposed();
            set();
        }
    }

    /// <summary>Takes something over that is freed with the weights; a user of them calls this.</summary>
    public T Own<T>(T other) where T : IDisposable
    {
        lock (_gate)
            _others.Add(other);
        return other;
    }

    /// <summary>Throws when the model was disposed.</summary>
    public void ThrowIfDisposed()
    {
        if (Volatile.Read(ref _disposed))
            throw new ObjectDisposedException(owner,
                "The transformer was disposed, so it computes nothing any more. (A PredictionEngine disposes its transformer unless it is created with "
                    + "new PredictionEngineOptions { OwnsTransformer = false }.)");
    }

    /// <summary>Frees the weights, or leaves that to the last user.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            if (_users > 0)
                return;
        }
        Free();
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_users > 0 || !_disposed)
                return;
        }
        Free();
    }

    private void Free()
    {
        _casts?.Dispose();
        foreach (var other in _others)
            other.Dispose();
        model?.Dispose();
        NativeHeap.Trim();
    }

    /// <summary>One user's stay.</summary>
    public readonly ref struct Use(SharedModel shared, WeightCasts.Stay stay)
    {
        /// <summary>Ends the stay.</summary>
        public void Dispose()
        {
            stay.Dispose();
            shared.Leave();
        }
    }
}
