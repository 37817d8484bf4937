using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers.Sharding;

/// <summary>
/// Where the rows of a batch's side lie: in the batch, pairs first and then unpaired samples; and shard by shard, each with its pairs and then its unpaired
/// samples, filled up to rows of one number.
/// </summary>
internal sealed class ShardLayout : IDisposable
{
    private readonly (int Pairs, int FirstPair, int Unpaired, int FirstUnpaired)[] _shards;
    private readonly Tensor _order;

    /// <param name="pairs">Pairs of a batch, of each shard.</param>
    /// <param name="unpaired">Unpaired samples of this side, of each shard.</param>
    /// <param name="width">Rows that each shard is filled up to.</param>
    /// <param name="device">Where the batch is put together.</param>
    public ShardLayout(int[] pairs, int[] unpaired, int width, Device device)
    {
        _shards = new (int, int, int, int)[pairs.Length];
        var order = new long[pairs.Sum() + unpaired.Sum()];
        var (pair, sample) = (0, pairs.Sum());
        for (var shard = 0; shard < pairs.Length; shard++)
        {
            var (p, u) = (pairs[shard], unpaired[shard]);
            _shards[shard] = (p, pair, u, sample);
            for (var i = 0; i < p; i++)
                order[pair++] = (long)shard * width + i;
            for (var i = 0; i < u; i++)
                order[sample++] = (long)shard * width + p + i;
        }
        _order = tensor(order, device: device).DetachFromDisposeScope();
    }

    /// <summary>Rows of a shard.</summary>
    public int Rows(int shard) => _shards[shard].Pairs + _shards[shard].Unpaired;

    /// <summary>A shard's part of what lies as in the batch.</summary>
    public int[] Of(ReadOnlySpan<int> batch, int shard)
    {
        var (pairs, firstPair, unpaired, firstUnpaired) = _shards[shard];
        return [.. batch.Slice(firstPair, pairs), .. batch.Slice(firstUnpaired, unpaired)];
    }

    /// <summary>A shard's rows of what lies as in the batch, <c>[rows, dim]</c>.</summary>
    public Tensor Of(Tensor batch, int shard)
    {
        var (pairs, firstPair, unpaired, firstUnpaired) = _shards[shard];
        return cat([batch.narrow(0, firstPair, pairs), batch.narrow(0, firstUnpaired, unpaired)], 0);
    }

    /// <summary>The batch <c>[rows, dim]</c> of what lies shard by shard, <c>[shards, width, dim]</c>.</summary>
    public Tensor Batch(Tensor shards)
    {
        using var flat = shards.reshape(-1, shards.size(2));
        return flat.index_select(0, _order);
    }

    /// <summary>Frees the order.</summary>
    public void Dispose() => _order.Dispose();
}
