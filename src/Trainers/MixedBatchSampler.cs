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
    /// <param name="shards">
    /// Shards of a batch. Each draws from its own part of the rows: pair k, unpaired sample k belong to shard k modulo their number.
    /// </param>
    public MixedBatchSampler(TrainingData data, BatchPlan plan, RandomSource random, int shards = 1)
    {
        _data = data;
        _plan = plan;
        _pairs = new Pool("pairs", [.. Enumerable.Range(0, data.PairCount)], shards, random);
        _unpaired = Sides<Pool>.Of(side => new Pool($"unpaired{side}", data.Sides[side].Unpaired, shards, random));
        _drawnPairs = new int[plan.Pairs];
        _positions = new(new int[plan.Pairs + plan.UnpairedA], new int[plan.Pairs + plan.UnpairedB]);
    }

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
    private sealed class Pool(string name, IReadOnlyList<int> rows, int shards, RandomSource random)
    {
        private readonly (string Name, IndexCycle Cycle)[] _cycles =
        [
            .. Enumerable.Range(0, shards).Select(shard => shards == 1 ? (name, rows) : ($"{name}/{shard}", [.. rows.Where((_, row) => row % shards == shard)]))
                .Select(part => (part.Item1, new IndexCycle(part.Item2, random.Managed($"sampler/{part.Item1}")))),
        ];

        public IEnumerable<(string Name, IndexCycle Cycle)> Cycles => _cycles;

        /// <summary>Draws as many as there is room for: first those of shard 0.</summary>
        public void Draw(Span<int> target)
        {
            var (at, all) = (0, target.Length);
            for (var shard = 0; shard < _cycles.Length; shard++)
            {
                var count = BatchSharding.CountOf(all, shard, _cycles.Length);
                _cycles[shard].Cycle.Draw(target.Slice(at, count));
                at += count;
            }
        }
    }
}
