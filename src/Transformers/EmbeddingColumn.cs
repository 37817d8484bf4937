using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>One output column: the side of the model that fills it and the modality it reads.</summary>
/// <param name="shared">Guards the model's weights.</param>
/// <param name="model">The model.</param>
/// <param name="side">Its side.</param>
/// <param name="device">Where the model lives.</param>
internal sealed class EmbeddingColumn(SharedModel shared, TwoTowerModel model, Side side, Device device)
{
    private long _forwardPasses;

    /// <summary>Modality and sizes.</summary>
    public TowerSpec Spec => side == Side.A ? model.Spec.A : model.Spec.B;

    /// <summary>Length of the embedding.</summary>
    public int Dimension => model.Spec.EmbeddingDimension;

    /// <summary>Name of the output column.</summary>
    public string Name => Spec.Modality.OutputColumnName;

    /// <summary>Forward passes done so far, by all rows and cursors together.</summary>
    public long ForwardPasses => Interlocked.Read(ref _forwardPasses);

    /// <summary>Embeds the examples at some positions of a store in one forward pass into <c>[positions.Length, Dimension]</c>.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public void Embed(ExampleStore examples, ReadOnlySpan<int> positions, Span<float> target)
    {
        using var use = shared.Enter();
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        Values(examples, positions).CopyTo(target);
    }

    /// <summary>Embeds all examples of a store into <c>[examples.Count, Dimension]</c>, in the store's order, in as many passes as planned.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled; looked at before each pass.</exception>
    public void Embed(ExampleStore examples, ScoringBatches batches, Span<float> target, CancellationToken cancellationToken = default)
    {
        batches.Plan(examples);
        for (var start = 0; start < examples.Count;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var positions = batches.From(start);
            using var use = shared.Enter();
            using var inference = inference_mode();
            using var scope = NewDisposeScope();
            var values = Values(examples, positions);
            if (!batches.IsReordered)
                values.CopyTo(target[(start * Dimension)..]);
            for (var i = 0; batches.IsReordered && i < positions.Length; i++)
                values.Slice(i * Dimension, Dimension).CopyTo(target[(positions[i] * Dimension)..]);
            start += positions.Length;
        }
    }

    /// <summary>Computes something from the model, whose weights stay alive meanwhile.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public T Use<T>(Func<TwoTowerModel, Side, T> compute)
    {
        using var use = shared.Enter();
        return compute(model, side);
    }

    /// <summary>Throws when the model was disposed.</summary>
    public void ThrowIfDisposed() => shared.ThrowIfDisposed();

    // In the caller's dispose scope, which owns the memory.
    private ReadOnlySpan<float> Values(ExampleStore examples, ReadOnlySpan<int> positions)
    {
        Interlocked.Increment(ref _forwardPasses);
        ThreadCountLease.KeepOwnNumber();
        var embeddings = model.Embed(side, examples.Gather(positions, device)).cpu().contiguous();
        return MemoryMarshal.Cast<byte, float>(embeddings.bytes);
    }
}
