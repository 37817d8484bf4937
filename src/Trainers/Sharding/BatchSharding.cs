using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Trainers.Sharding;

/// <summary>
/// How the batches of a training are cut, and which shards this process computes. The cut does not depend on the number of processes, so neither do the
/// weights.
/// </summary>
/// <param name="Shards">V: shards of a batch, 1 or more.</param>
/// <param name="Group">The processes.</param>
internal sealed record BatchSharding(int Shards, ProcessGroup Group)
{
    /// <summary>Fewest rows of a side in a shard: one row has no variance to normalise by.</summary>
    public const int FewestRows = 2;

    /// <summary>A training that cuts nothing, in a process on its own.</summary>
    public static BatchSharding None { get; } = new(1, new SingleProcess());

    /// <summary>Shards of this process.</summary>
    public int Own => Parts.PerProcess;

    /// <summary>The first of them.</summary>
    public int First => Parts.First;

    /// <summary>Whether there is anything to cut or to share.</summary>
    public bool IsOn => Shards > 1;

    /// <summary>The same cut, by a process that does all of it.</summary>
    public BatchSharding Alone => this with { Group = None.Group };

    /// <summary>
    /// The shard of a row. Of each V neighbouring rows every shard has one, so that sorted rows are dealt out evenly; which one turns from V rows to the next
    /// without a pattern, as a file may have one: were it the row modulo V, one shard would have all pairs of a file in which each fourth row is one.
    /// </summary>
    public int ShardOf(long row)
    {
        var turn = (ulong)(row / Shards);
        return (int)(((ulong)(row % Shards) + ManagedGenerator.SplitMix(ref turn) % (ulong)Shards) % (ulong)Shards);
    }

    /// <summary>Whether this process has a row.</summary>
    public bool IsOwn(long row) => Parts.IsOwn(ShardOf(row));

    /// <summary>The process that has a row.</summary>
    public int RankOf(long row) => Parts.RankOf(ShardOf(row));

    /// <summary>What the options say.</summary>
    public static BatchSharding Of(GentleClipOptions options) => new(ShardsOf(options), options.ProcessGroup ?? None.Group);

    /// <summary>Shards of a batch; as many as processes unless the options say otherwise.</summary>
    public static int ShardsOf(GentleClipOptions options) => options.Batches.Shards ?? options.ProcessGroup?.Size ?? 1;

    /// <summary>How many of some rows, which are dealt out one by one, a shard gets.</summary>
    public static int CountOf(int rows, int shard, int shards) => (rows - shard + shards - 1) / shards;

    /// <summary>Rows of a batch that each shard draws: in proportion to those that it has, and never more; what is left by rounding goes by its size.</summary>
    /// <param name="rows">Of a batch, at most as many as there are.</param>
    /// <param name="held">Rows that each shard has.</param>
    public static int[] Deal(int rows, IReadOnlyList<int> held)
    {
        var all = Math.Max(1, held.Sum(own => (long)own));
        int[] dealt = [.. held.Select(own => (int)(rows * (long)own / all))];
        var rest = rows - dealt.Sum();
        foreach (var shard in Enumerable.Range(0, held.Count).OrderByDescending(shard => rows * (long)held[shard] % all).Take(rest))
            dealt[shard]++;
        return dealt;
    }

    /// <summary>Refuses batches that cannot be cut into so many shards.</summary>
    /// <exception cref="InvalidOperationException">A shard would have too few rows.</exception>
    public static void Check(GentleClipOptions options, BatchPlan batches)
    {
        var shards = ShardsOf(options);
        var last = CountOf(batches.Pairs, shards - 1, shards);
        foreach (var (side, unpaired) in new[] { ("A", batches.UnpairedA), ("B", batches.UnpairedB) })
        {
            if (shards > 1 && last + CountOf(unpaired, shards - 1, shards) is var rows and < FewestRows)
                throw new InvalidOperationException(
                    $"A batch has {batches.Pairs} pairs and {unpaired} unpaired samples of {side}. Cut into {shards} shards (Batches.Shards, or "
                    + $"one a process), the smallest has {rows} rows of {side}; expected {FewestRows} or more. Take larger batches or fewer shards.");
        }
    }

    private OwnedParts Parts => new(Shards, Group);
}
