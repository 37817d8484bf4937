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

    /// <summary>Samples that <see cref="Measure"/> encodes, of both sides together; 0 where no encoder has statistics that a training moves.</summary>
    public static int Samples(TwoTowerModel model, TrainingData data) => Sides(model, data).Sum(side => side.Positions.Length);

    /// <summary>Replaces the statistics. Nothing is random about it, and the same weights and rows give the same.</summary>
    /// <param name="model">On the device.</param>
    /// <param name="data">What it is trained on.</param>
    /// <param name="device">Where it lives.</param>
    /// <param name="onSamples">Told how many are done, after each pass; what it throws leaves the statistics as they were.</param>
    public static void Measure(TwoTowerModel model, TrainingData data, Device device, Action<int> onSamples)
    {
        var done = 0;
        foreach (var (tower, store, positions) in Sides(model, data))
        {
            tower.MeasureStatistics(store, positions, device, passed =>
            {
                done += passed;
                onSamples(done);
            });
        }
    }

    private static IEnumerable<(Tower Tower, ExampleStore Store, int[] Positions)> Sides(TwoTowerModel model, TrainingData data)
    {
        if (model.TowerA.HasMovingStatistics)
            yield return (model.TowerA, data.A, Spread(data.PairsA, data.UnpairedA));
        if (model.TowerB.HasMovingStatistics)
            yield return (model.TowerB, data.B, Spread(data.PairsB, data.UnpairedB));
    }

    private static int[] Spread(IReadOnlyList<int> pairs, IReadOnlyList<int> unpaired)
    {
        int[] all = [.. pairs.Concat(unpaired).Distinct()];
        var count = Math.Min(all.Length, MostSamples);
        return [.. Enumerable.Range(0, count).Select(i => all[(int)((long)i * all.Length / count)])];
    }
}
