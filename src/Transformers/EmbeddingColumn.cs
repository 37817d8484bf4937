using Microsoft.ML.GentleClip.Models;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>One output column: the side of the model that fills it, and what it takes of it.</summary>
/// <param name="tower">The side; columns of one side share its passes.</param>
/// <param name="output">What the column takes.</param>
/// <param name="name">Name of the column.</param>
internal sealed class EmbeddingColumn(TowerScorer tower, ColumnOutput output, string name)
{
    /// <summary>The side of the model.</summary>
    public TowerScorer Tower => tower;

    /// <summary>What the column takes of it.</summary>
    public ColumnOutput Output => output;

    /// <summary>Whether that is the embedding.</summary>
    public bool IsEmbedding => output == ColumnOutput.Embedding;

    /// <summary>Modality and sizes.</summary>
    public TowerSpec Spec => tower.Spec;

    /// <summary>Length of the column's vectors.</summary>
    public int Dimension { get; } = tower.DimensionOf(output);

    /// <summary>Name of the column.</summary>
    public string Name => name;

    /// <inheritdoc cref="TowerScorer.ForwardPasses"/>
    public long ForwardPasses => tower.ForwardPasses;

    /// <inheritdoc cref="TowerScorer.ThrowIfDisposed"/>
    public void ThrowIfDisposed() => tower.ThrowIfDisposed();
}
