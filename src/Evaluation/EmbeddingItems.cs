using System.Numerics.Tensors;

namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>Embeddings of one side, one for each item however often it occurs.</summary>
internal sealed class EmbeddingItems(string name, int dimension, int capacity, bool scale)
{
    // The same input may be embedded in batches of different sizes, which changes the last bits; another input is farther away.
    private const float LeastCosine = 0.999f;

    private readonly Dictionary<string, (int Index, long Row)> _known = [];

    /// <summary>The embeddings.</summary>
    public EmbeddingRows Rows { get; } = new(dimension, capacity, scale);

    /// <summary>The item's index; a row without an item is one of its own.</summary>
    /// <exception cref="InvalidOperationException">The item was there before with another embedding.</exception>
    public int Add(ReadOnlySpan<float> embedding, string? item, long row)
    {
        if (item is null)
        {
            Rows.Add(embedding);
            return Rows.Count - 1;
        }
        if (!_known.TryGetValue(item, out var first))
        {
            Rows.Add(embedding);
            _known.Add(item, (Rows.Count - 1, row));
            return Rows.Count - 1;
        }
        var before = Rows.Values(first.Index);
        if (!(TensorPrimitives.CosineSimilarity(before, embedding) >= LeastCosine) && !(IsZero(before) && IsZero(embedding)))
            throw new InvalidOperationException(
                $"Rows {first.Row} and {row} have the item '{item}' but different embeddings '{name}'; rows of one item must hold the same embedding.");
        return first.Index;
    }

    private static bool IsZero(ReadOnlySpan<float> row) => !row.ContainsAnyExcept(0f);
}
