using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers.Sharding;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>The rows of a step, and what has begun of them.</summary>
/// <param name="Positions">Of each side, in its store.</param>
/// <param name="Pairs">Numbers of the pairs among all pairs.</param>
internal sealed record StepBatch(Sides<int[]> Positions, int[] Pairs) : IDisposable
{
    /// <summary>The whole batch of each side, where it is not cut into shards.</summary>
    public Sides<Ahead<TowerBatch>>? Whole { get; init; }

    /// <summary>Of a batch that is cut, the first shard of this process.</summary>
    public OpenShard? FirstShard { get; init; }

    /// <summary>Gives up what nobody took.</summary>
    public void Dispose()
    {
        Whole?.A.Dispose();
        Whole?.B.Dispose();
        FirstShard?.Dispose();
    }
}
