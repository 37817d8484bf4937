using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Trainers.Sharding;

/// <summary>Passes through a tower for samples that may be dealt out: a pass has samples of one shard, so that it is the same whoever makes it.</summary>
internal static class ShardPasses
{
    /// <summary>The passes of this process, as numbers of <paramref name="positions"/>.</summary>
    /// <param name="store">The samples.</param>
    /// <param name="positions">Which of them.</param>
    public static IEnumerable<int[]> Of(ExampleStore store, IReadOnlyList<int> positions)
    {
        if (store is not ShardedStore sharded)
            return Cut(store, positions, [.. Enumerable.Range(0, positions.Count)]);
        return sharded.Shards.Own.SelectMany(shard => Cut(store, positions, sharded.Shards.In(shard, positions)));
    }

    private static IEnumerable<int[]> Cut(ExampleStore store, IReadOnlyList<int> positions, int[] numbers)
    {
        var passes = LengthBatches.Passes(store, Array.ConvertAll(numbers, number => positions[number]));
        for (var pass = 0; pass < passes.Count; pass++)
            yield return Array.ConvertAll(passes[pass].ToArray(), at => numbers[at]);
    }
}
