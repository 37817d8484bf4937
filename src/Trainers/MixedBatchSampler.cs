using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Picks the examples of each batch: pairs first, in the same order on both sides, then unpaired samples of each modality.</summary>
internal sealed class MixedBatchSampler
{
    private readonly TrainingData _data;
    private readonly BatchPlan _plan;
    private readonly IndexCycle _pairs;
    private readonly IndexCycle _unpairedA;
    private readonly IndexCycle _unpairedB;
    private readonly int[] _drawnPairs;
    private readonly int[] _positionsA;
    private readonly int[] _positionsB;

    /// <summary>Creates a sampler; the three pools are shuffled independently of each other.</summary>
    public MixedBatchSampler(TrainingData data, BatchPlan plan, RandomSource random)
    {
        _data = data;
        _plan = plan;
        _pairs = new IndexCycle(Enumerable.Range(0, data.PairsA.Count), random.Managed("sampler/pairs"));
        _unpairedA = new IndexCycle(data.UnpairedA, random.Managed("sampler/unpairedA"));
        _unpairedB = new IndexCycle(data.UnpairedB, random.Managed("sampler/unpairedB"));
        _drawnPairs = new int[plan.Pairs];
        _positionsA = new int[plan.Pairs + plan.UnpairedA];
        _positionsB = new int[plan.Pairs + plan.UnpairedB];
    }

    /// <summary>Positions of the current batch in the store of modality A.</summary>
    public ReadOnlySpan<int> PositionsA => _positionsA;

    /// <summary>Positions of the current batch in the store of modality B.</summary>
    public ReadOnlySpan<int> PositionsB => _positionsB;

    /// <summary>Numbers of the current batch's pairs among all pairs.</summary>
    public ReadOnlySpan<int> Pairs => _drawnPairs;

    /// <summary>The cycles whose states make up the sampler's, by name.</summary>
    public IEnumerable<(string Name, IndexCycle Cycle)> Cycles => [("pairs", _pairs), ("unpairedA", _unpairedA), ("unpairedB", _unpairedB)];

    /// <summary>Picks the next batch.</summary>
    public void Next()
    {
        _pairs.Draw(_drawnPairs);
        for (var i = 0; i < _drawnPairs.Length; i++)
        {
            _positionsA[i] = _data.PairsA[_drawnPairs[i]];
            _positionsB[i] = _data.PairsB[_drawnPairs[i]];
        }
        _unpairedA.Draw(_positionsA.AsSpan(_plan.Pairs));
        _unpairedB.Draw(_positionsB.AsSpan(_plan.Pairs));
    }
}
