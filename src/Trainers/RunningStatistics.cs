using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>
/// The running statistics of batch normalisations, measured anew: those that a training's steps leave behind are averages over the last few batches, of
/// crops and with noise, and of weights that have changed since. Scoring sees whole samples without noise and the last weights.
/// </summary>
internal static class RunningStatistics
{
    /// <summary>Most samples of a side; evenly spread over those that are trained on.</summary>
    public const int MostSamples = 256;

    /// <summary>The towers of a model whose statistics a training moves, each with what it is measured on; none where no encoder has any.</summary>
    public static IReadOnlyList<(Tower Tower, ExampleStore Store, int[] Positions)> Of(TwoTowerModel model, TrainingData data) =>
        Moving((model.TowerA, data.A.Store, data.A.Pairs.Concat(data.A.Unpaired)), (model.TowerB, data.B.Store, data.B.Pairs.Concat(data.B.Unpaired)));

    /// <summary>The towers whose statistics a training moves, each with at most <see cref="MostSamples"/> of its samples.</summary>
    public static IReadOnlyList<(Tower Tower, ExampleStore Store, int[] Positions)> Moving(
        params IEnumerable<(Tower Tower, ExampleStore Store, IEnumerable<int> Positions)> sides) =>
        [.. sides.Where(side => side.Tower.HasMovingStatistics).Select(side => (side.Tower, side.Store, Spread(side.Positions)))];

    /// <summary>Samples that <see cref="Measure"/> encodes, of all sides together.</summary>
    public static int Samples(IEnumerable<(Tower Tower, ExampleStore Store, int[] Positions)> sides) => sides.Sum(side => side.Positions.Length);

    /// <summary>Replaces the statistics. Nothing is random about it, and the same weights and rows give the same.</summary>
    /// <param name="sides">On the device.</param>
    /// <param name="device">Where they live.</param>
    /// <param name="onSamples">Told how many are done, after each pass; what it throws leaves the statistics as they were.</param>
    public static void Measure(IEnumerable<(Tower Tower, ExampleStore Store, int[] Positions)> sides, Device device, Action<int> onSamples)
    {
        var done = 0;
        foreach (var (tower, store, positions) in sides)
        {
            tower.MeasureStatistics(store, positions, device, passed =>
            {
                done += passed;
                onSamples(done);
            });
        }
    }

    private static int[] Spread(IEnumerable<int> positions)
    {
        int[] all = [.. positions.Distinct()];
        var count = Math.Min(all.Length, MostSamples);
        return [.. Enumerable.Range(0, count).Select(i => all[(int)((long)i * all.Length / count)])];
    }
}
