using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Picks the examples of each batch: pairs first, in the same order on both sides, then unpaired samples of each modality.</summary>
internal sealed class MixedBatchSampler
{
    private readonly TrainingData _data;
    private readonly BatchPlan _plan;
    private readonly IndexCycle _pairs;
    private readonly Sides<IndexCycle> _unpaired;
    private readonly Sides<int[]> _positions;
    private readonly int[] _drawnPairs;

    /// <summary>Creates a sampler; the three pools are shuffled independently of each other.</summary>
    public MixedBatchSampler(TrainingData data, BatchPlan plan, RandomSource random)
    {
        _data = data;
        _plan = plan;
        _pairs = new IndexCycle(Enumerable.Range(0, data.PairCount), random.Managed("sampler/pairs"));
        _unpaired = Sides<IndexCycle>.Of(side => new IndexCycle(data.Sides[side].Unpaired, random.Managed($"sampler/unpaired{side}")));
        _drawnPairs = new int[plan.Pairs];
        _positions = new(new int[plan.Pairs + plan.UnpairedA], new int[plan.Pairs + plan.UnpairedB]);
    }

    /// <summary>Positions of the current batch in the store of a modality.</summary>
    public ReadOnlySpan<int> Positions(Side side) => _positions[side];

    /// <summary>Numbers of the current batch's pairs among all pairs.</summary>
    public ReadOnlySpan<int> Pairs => _drawnPairs;

    /// <summary>The cycles whose states make up the sampler's, by name.</summary>
    public IEnumerable<(string Name, IndexCycle Cycle)> Cycles => [("pairs", _pairs), ("unpairedA", _unpaired.A), ("unpairedB", _unpaired.B)];

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
}
