using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers.Sharding;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Picks the examples of each batch: pairs first, in the same order on both sides, then unpaired samples of each modality.</summary>
internal sealed class MixedBatchSampler
{
    private readonly TrainingData _data;
    private readonly BatchPlan _plan;
    private readonly Pool _pairs;
    private readonly Sides<Pool> _unpaired;
    private readonly Sides<int[]> _positions;
    private readonly int[] _drawnPairs;

    /// <summary>Creates a sampler; the three pools are shuffled independently of each other.</summary>
    /// <param name="data">Pairs and unpaired samples.</param>
    /// <param name="plan">How many of each make a batch.</param>
    /// <param name="random">Its streams.</param>
    /// <param name="shards">Shards of a batch. Each draws from its own rows, in proportion to what it has of each kind.</param>
    /// <exception cref="InvalidOperationException">A shard's part of a batch would have too few rows.</exception>
    public MixedBatchSampler(TrainingData data, BatchPlan plan, RandomSource random, int shards = 1)
    {
        _data = data;
        _plan = plan;
        var (a, b) = (ShardsOf(Side.A), ShardsOf(Side.B));
        _pairs = new Pool("pairs", [.. Enumerable.Range(0, data.PairCount)], plan.Pairs, pair => a(data.A.Pairs[pair]), shards, random);
        _unpaired = new(
            new Pool($"unpaired{Side.A}", data.A.Unpaired, plan.UnpairedA, a, shards, random),
            new Pool($"unpaired{Side.B}", data.B.Unpaired, plan.UnpairedB, b, shards, random));
        _drawnPairs = new int[plan.Pairs];
        _positions = new(new int[plan.Pairs + plan.UnpairedA], new int[plan.Pairs + plan.UnpairedB]);
        foreach (var (side, pool) in _unpaired.Each)
            for (var shard = 0; shards > 1 && shard < shards; shard++)
                if (_pairs.Drawn[shard] + pool.Drawn[shard] is var rows and < BatchSharding.FewestRows)
                    throw new InvalidOperationException(
                        $"A batch has {rows} rows of {side} in shard {shard} of {shards} (Batches.Shards, or one a process), which holds "
                        + $"{_pairs.Held[shard]} of the {data.PairCount} pairs and {pool.Held[shard]} of the {data.Sides[side].Unpaired.Count} unpaired "
                        + $"samples of {side}; expected {BatchSharding.FewestRows} rows or more. Take larger batches or fewer shards.");

        Func<int, int> ShardsOf(Side side) => shards == 1 ? _ => 0 : data.Sides[side].Store is ShardedStore { Shards: var own } && own.Shards == shards
            ? own.ShardOf : throw new ArgumentException($"The rows were not read for {shards} shards.", nameof(shards));
    }

    /// <summary>Pairs of a batch that each shard draws.</summary>
    public int[] PairsOfShards => _pairs.Drawn;

    /// <summary>Unpaired samples of a batch that each shard draws.</summary>
    public Sides<int[]> UnpairedOfShards => _unpaired.Select(pool => pool.Drawn);

    /// <summary>Positions of the current batch in the store of a modality.</summary>
    public ReadOnlySpan<int> Positions(Side side) => _positions[side];

    /// <summary>Numbers of the current batch's pairs among all pairs.</summary>
    public ReadOnlySpan<int> Pairs => _drawnPairs;

    /// <summary>The cycles whose states make up the sampler's, by name.</summary>
    public IEnumerable<(string Name, IndexCycle Cycle)> Cycles => [.. _pairs.Cycles, .. _unpaired.A.Cycles, .. _unpaired.B.Cycles];

    /// <summary>Picks the next batch.</summary>
    public void Next()
    {
        _pairs.Draw(_drawnPairs);
        Fill(Side.A);
        Fill(Side.B);
    }

    private void Fill(Side side)
    {
        var (pairs, positions) = (_data.Sides[side].Pairs, _positions[side]);
        for (var i = 0; i < _drawnPairs.Length; i++)
            positions[i] = pairs[_drawnPairs[i]];
        _unpaired[side].Draw(positions.AsSpan(_plan.Pairs));
    }

    /// <summary>Rows of one kind, a cycle for each shard.</summary>
    private sealed class Pool
    {
        private readonly (string Name, IndexCycle Cycle)[] _cycles;

        public Pool(string name, IReadOnlyList<int> rows, int ofBatch, Func<int, int> shardOf, int shards, RandomSource random)
        {
            var parts = rows.ToLookup(shardOf);
            var held = Enumerable.Range(0, shards).Select(shard => parts[shard].ToArray()).ToArray();
            _cycles = [.. held.Select((own, shard) => (Name: shards == 1 ? name : $"{name}/{shard}", Rows: own))
                .Select(part => (part.Name, new IndexCycle(part.Rows, random.Managed($"sampler/{part.Name}"))))];
            Held = Array.ConvertAll(held, own => own.Length);
            Drawn = BatchSharding.Deal(ofBatch, Held);
        }

        public IEnumerable<(string Name, IndexCycle Cycle)> Cycles => _cycles;

        /// <summary>Rows of each shard.</summary>
        public int[] Held { get; }

        /// <summary>Rows of a batch that each shard draws.</summary>
        public int[] Drawn { get; }

        /// <summary>Draws those of a batch, shard 0's first.</summary>
        public void Draw(Span<int> target)
        {
            var at = 0;
            for (var shard = 0; shard < _cycles.Length; at += Drawn[shard++])
                _cycles[shard].Cycle.Draw(target.Slice(at, Drawn[shard]));
        }
    }
}
