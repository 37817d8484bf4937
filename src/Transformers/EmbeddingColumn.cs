using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>One output column: the tower that fills it and the modality it reads.</summary>
/// <param name="model">The model that the tower is part of.</param>
/// <param name="spec">Modality and sizes.</param>
/// <param name="tower">The tower.</param>
/// <param name="dimension">Length of the embedding.</param>
/// <param name="device">Where the tower lives.</param>
internal sealed class EmbeddingColumn(SharedModel model, TowerSpec spec, Tower tower, int dimension, Device device)
{
    private long _forwardPasses;

    /// <summary>Modality and sizes.</summary>
    public TowerSpec Spec => spec;

    /// <summary>Length of the embedding.</summary>
    public int Dimension => dimension;

    /// <summary>Name of the output column.</summary>
    public string Name => spec.Modality.OutputColumnName;

    /// <summary>Forward passes done so far, by all rows and cursors together.</summary>
    public long ForwardPasses => Interlocked.Read(ref _forwardPasses);

    /// <summary>Embeds the examples at some positions of a store in one forward pass into <c>[positions.Length, Dimension]</c>.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public void Embed(ExampleStore examples, ReadOnlySpan<int> positions, Span<float> target)
    {
        using var use = model.Enter();
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        Interlocked.Increment(ref _forwardPasses);
        var embeddings = tower.Embed(examples.Gather(positions, device), noise: null).cpu().contiguous();
        MemoryMarshal.Cast<byte, float>(embeddings.bytes).CopyTo(target);
    }

    /// <summary>Throws when the model was disposed.</summary>
    public void ThrowIfDisposed() => model.ThrowIfDisposed();
}
