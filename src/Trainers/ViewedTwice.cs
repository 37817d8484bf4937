using Microsoft.ML.GentleClip.Objectives;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>
/// Which rows of each batch are embedded a second time where the objectives ask for a share of them: of each shard's pairs, and of its unpaired samples, as
/// many as the share says, spread evenly. Batches are drawn at random, and so are these rows.
/// </summary>
internal sealed class ViewedTwice : IDisposable
{
    private readonly Sides<int[]> _rows;
    private readonly SecondViewRows? _tensors;

    /// <param name="sampler">Draws the batches.</param>
    /// <param name="needs">Of the objectives.</param>
    /// <param name="device">Of the training.</param>
    public ViewedTwice(MixedBatchSampler sampler, ObjectiveNeeds needs, Device device)
    {
        var share = needs.SecondViews ? needs.SecondViewShare ?? 1 : 0;
        var (ofPairs, ofUnpaired) = (sampler.PairsOfShards, sampler.UnpairedOfShards);
        PairsOfShards = Array.ConvertAll(ofPairs, count => Take(count, share).Count());
        UnpairedOfShards = ofUnpaired.Select(counts => Array.ConvertAll(counts, count => Take(count, share).Count()));
        var pairs = Spread(ofPairs, 0);
        _rows = ofUnpaired.Select(counts => pairs.Concat(Spread(counts, ofPairs.Sum())).ToArray());
        if (share is > 0 and < 1)
            _tensors = new(Numbers(_rows.A), Numbers(_rows.B), PairsOfShards.Sum());

        int[] Spread(int[] counts, int first)
        {
            var rows = new List<int>();
            foreach (var count in counts)
            {
                rows.AddRange(Take(count, share).Select(row => first + row));
                first += count;
            }
            return [.. rows];
        }

        Tensor Numbers(int[] rows) => tensor(Array.ConvertAll(rows, row => (long)row), device: device).DetachFromDisposeScope();
    }

    /// <summary>Pairs of a batch that each shard embeds twice.</summary>
    public int[] PairsOfShards { get; }

    /// <summary>Unpaired samples of a batch that each shard embeds twice.</summary>
    public Sides<int[]> UnpairedOfShards { get; }

    /// <summary>For the objectives; null where all rows have second views, or none.</summary>
    public SecondViewRows? Rows => _tensors;

    /// <summary>Rows of a side in a batch that are embedded twice.</summary>
    public int Count(Side side) => _rows[side].Length;

    /// <summary>Of what a side's rows of a batch have, that of the rows with second views, in the order of those; null for all.</summary>
    public int[]? Some(Side side, int[] batch) => _tensors is null ? null : Array.ConvertAll(_rows[side], row => batch[row]);

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        _tensors?.A.Dispose();
        _tensors?.B.Dispose();
    }

    // Two at least: one row has nothing to be compared with, and no batch's statistics.
    private static IEnumerable<int> Take(int count, double share)
    {
        var own = share == 0 ? 0 : Math.Max(share, Math.Min(1, 2.0 / count));
        return Enumerable.Range(0, count).Where(row => Math.Floor(row * own) > Math.Floor((row - 1) * own));
    }
}
