using Microsoft.ML.GentleClip.Onnx;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Microsoft.ML.GentleClip.OnnxEncoders;

/// <summary>A tower's graph in ONNX Runtime, for scoring. Runs may be concurrent: they share the session and its threads.</summary>
internal sealed class ScoringSession : GraphSession
{
    private static int _open;

    private readonly InferenceSession _session;
    private int _isDisposed;

    private ScoringSession(InferenceSession session)
    {
        _session = session;
        Interlocked.Increment(ref _open);
    }

    /// <summary>Sessions that are open; for tests.</summary>
    public static int OpenCount => Volatile.Read(ref _open);

    /// <summary>Opens a graph.</summary>
    /// <param name="content">The graph.</param>
    /// <param name="threads">Threads of a run.</param>
    /// <exception cref="InvalidOperationException">ONNX Runtime does not take it.</exception>
    public static ScoringSession Open(GraphContent content, int threads)
    {
        using var options = SessionSettings.Create(threads);
        try
        {
            return new ScoringSession(content.Bytes is { } bytes ? new InferenceSession(bytes, options) : new InferenceSession(content.Path, options));
        }
        catch (OnnxRuntimeException exception)
        {
            throw new InvalidOperationException(
                $"ONNX Runtime {OrtEnv.Instance().GetVersionString()} does not take the model's graph: {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    public override void Run(IReadOnlyList<OnnxInput> inputs, IReadOnlyList<string> outputs, GraphOutput take)
    {
        var values = new OrtValue[inputs.Count];
        try
        {
            for (var i = 0; i < values.Length; i++)
                values[i] = Value(inputs[i]);
            using var run = new RunOptions();
            using var results = _session.Run(run, [.. inputs.Select(input => input.Name)], values, outputs);
            for (var i = 0; i < outputs.Count; i++)
                take(i, results[i].GetTensorDataAsSpan<float>());
        }
        catch (OnnxRuntimeException exception)
        {
            throw new InvalidOperationException($"ONNX Runtime cannot compute the model's graph: {exception.Message}", exception);
        }
        finally
        {
            foreach (var value in values)
                value?.Dispose();
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        Interlocked.Decrement(ref _open);
        _session.Dispose();
    }

    private static OrtValue Value(OnnxInput input) => input.Values switch
    {
        float[] numbers => Allocate(TensorElementType.Float, numbers, input.Shape),
        long[] numbers => Allocate(TensorElementType.Int64, numbers, input.Shape),
        var other => throw new InvalidOperationException($"Input '{input.Name}': expected numbers of float32 or int64, found {other.GetType().Name}."),
    };

    // In memory that ONNX Runtime aligns: sums over managed arrays would differ in the last bit with where they happen to lie.
    private static OrtValue Allocate<T>(TensorElementType type, T[] values, IReadOnlyList<long> shape) where T : unmanaged
    {
        var tensor = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, type, [.. shape]);
        var target = tensor.GetTensorMutableDataAsSpan<T>();
        values.AsSpan(0, target.Length).CopyTo(target);
        return tensor;
    }
}
