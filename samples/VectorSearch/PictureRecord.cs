using Microsoft.Extensions.VectorData;

namespace VectorSearch;

/// <summary>A picture as the collection keeps it.</summary>
internal sealed class PictureRecord
{
    [VectorStoreKey]
    public int Number { get; init; }

    [VectorStoreData]
    public string Symbol { get; init; } = "";

    [VectorStoreData]
    public string Name { get; init; } = "";

    [VectorStoreData(IsIndexed = true)]
    public string Group { get; init; } = "";

    [VectorStoreData(IsIndexed = true)]
    public string Style { get; init; } = "";

    [VectorStoreVector(128, DistanceFunction = DistanceFunction.CosineSimilarity)]
    public ReadOnlyMemory<float> Embedding { get; init; }
}
