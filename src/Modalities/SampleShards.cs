using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>
/// Which shard each sample of a side belongs to, and which of them this process has. A process has whole shards: neighbouring ones, as many as every other.
/// </summary>
internal sealed class SampleShards
{
    private const int Elsewhere = -1;

    private readonly OwnedParts _parts;
    private readonly int[] _shardOf, _localOf;

    /// <param name="shardOf">Of each sample, in the order of the rows.</param>
    /// <param name="shards">How many there are, a multiple of the number of processes.</param>
    /// <param name="group">The processes.</param>
    public SampleShards(int[] shardOf, int shards, ProcessGroup group)
    {
        (_shardOf, _parts) = (shardOf, new OwnedParts(shards, group));
        var here = 0;
        _localOf = Array.ConvertAll(shardOf, shard => IsOwn(shard) ? here++ : Elsewhere);
        Here = here;
    }

    /// <summary>Number of shards.</summary>
    public int Shards => _parts.Count;

    /// <summary>The processes.</summary>
    public ProcessGroup Group => _parts.Group;

    /// <summary>Samples in all.</summary>
    public int Count => _shardOf.Length;

    /// <summary>Samples that this process has.</summary>
    public int Here { get; }

    /// <summary>The shards of this process.</summary>
    public IEnumerable<int> Own => _parts.Own;

    /// <summary>The shard of a sample.</summary>
    public int ShardOf(int position) => _shardOf[position];

    /// <summary>Whether this process has a shard.</summary>
    public bool IsOwn(int shard) => _parts.IsOwn(shard);

    /// <summary>The sample's position among those of this process.</summary>
    /// <exception cref="InvalidOperationException">Another process has it.</exception>
    public int Local(int position) => _localOf[position] is var local && local != Elsewhere
        ? local
        : throw new InvalidOperationException($"Sample {position} is in shard {_shardOf[position]}, which process {_parts.RankOf(_shardOf[position])} has.");

    /// <summary>Numbers of those of some positions that are in a shard, in their order.</summary>
    public int[] In(int shard, IReadOnlyList<int> positions) =>
        [.. Enumerable.Range(0, positions.Count).Where(number => _shardOf[positions[number]] == shard)];

    /// <summary>Gives every process the same about some samples, each from the process that has it.</summary>
    /// <param name="positions">Of the samples.</param>
    /// <param name="width">Bytes of each.</param>
    /// <param name="fill">Writes what belongs to a number of <paramref name="positions"/>, of which this process has the sample.</param>
    /// <param name="take">Told all of them in their order.</param>
    /// <param name="purpose">What it is for, in a few words.</param>
    public void Exchange(IReadOnlyList<int> positions, int width, Collectives.Fill fill, Collectives.Take take, string purpose) =>
        Group.Exchange(positions.Count, number => _parts.RankOf(_shardOf[positions[number]]), width, fill, take, purpose);

    /// <summary>The same about the shards.</summary>
    public void ExchangeShards(int width, Collectives.Fill fill, Collectives.Take take, string purpose) =>
        Group.Exchange(Shards, _parts.RankOf, width, fill, take, purpose);
}
