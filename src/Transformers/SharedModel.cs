using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>
/// Keeps a model's weights alive while threads compute with them: disposal turns new users away at once, and the last user out frees the
/// weights. Native memory freed under a running forward pass would end the process.
/// </summary>
/// <param name="model">Taken over.</param>
/// <param name="owner">Name of the transformer's type, for errors.</param>
internal sealed class SharedModel(nn.Module model, string owner = nameof(GentleClipTransformer)) : IDisposable
{
    private readonly Lock _gate = new();
    private int _users;
    private bool _disposed;
    private WeightCasts? _casts, _current;

    /// <summary>Takes part in using the weights until the result is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public Use Enter()
    {
        lock (_gate)
        {
            ThrowIfDisposed();
            _users++;
            return new Use(this, WeightCasts.Enter(_current));
        }
    }

    /// <summary>What those who come from now on compute with.</summary>
    /// <param name="precision">Of the encoders.</param>
    /// <param name="device">Where the model lives.</param>
    /// <exception cref="NotSupportedException">The device has no such products.</exception>
    public void SetPrecision(EncoderPrecision precision, Device device)
    {
        if (precision != EncoderPrecision.Float32)
            BFloat16Products.ThrowIfMissing($"{nameof(ScoringOptions)}.{nameof(ScoringOptions.Precision)}", device);
        lock (_gate)
        {
            ThrowIfDisposed();
            // Kept to the end: threads may compute with it.
            _current = precision == EncoderPrecision.Float32 ? null : _casts ??= WeightCasts.For(precision);
        }
    }

    /// <summary>Throws when the model was disposed.</summary>
    public void ThrowIfDisposed()
    {
        if (Volatile.Read(ref _disposed))
            throw new ObjectDisposedException(owner,
                "The transformer was disposed, so it computes no more embeddings. (A PredictionEngine disposes its transformer unless it is created with "
                    + "ownsTransformer: false.)");
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
        model.Dispose();
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
