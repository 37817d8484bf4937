using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>Splits examples into forward passes: in their order where one pass will do or all cost the same, else by length, so that little is padding.</summary>
/// <param name="batchSize">Most rows of a pass; null bounds them by what they cost to encode.</param>
internal sealed class ScoringBatches(int? batchSize)
{
    // More at once is not faster on a CPU, and memory grows with it.
    private const long LargestCost = 1 << 14;

    private int[] _order = [];
    private int[] _keys = [];
    private int _count;
    private ExampleStore? _examples;

    /// <summary>Whether the passes take the examples in another order than the store's.</summary>
    public bool IsReordered { get; private set; }

    /// <summary>Plans the passes over the examples of a store.</summary>
    public void Plan(ExampleStore examples)
    {
        (_examples, _count, IsReordered) = (examples, examples.Count, false);
        if (_order.Length < _count)
            (_order, _keys) = (new int[Math.Max(_count, 2 * _order.Length)], new int[Math.Max(_count, 2 * _order.Length)]);
        var isMixed = false;
        for (var i = 0; i < _count; i++)
        {
            (_order[i], _keys[i]) = (i, -examples.LengthOf(i));
            isMixed |= _keys[i] != _keys[0];
        }
        if (!isMixed || End(0) == _count)
            return;
        Array.Sort(_keys, _order, 0, _count); // longest first: the largest pass comes at once
        IsReordered = true;
    }

    /// <summary>The examples of the pass that starts at a place; empty at the end.</summary>
    public ReadOnlySpan<int> From(int start) => _order.AsSpan(start, End(start) - start);

    private int End(int start)
    {
        var most = Math.Min(_count, start + (batchSize ?? _count));
        if (batchSize is not null)
            return most;
        var (end, cost) = (start, 0L);
        for (; end < most; end++)
        {
            cost += _examples!.LengthOf(_order[end]);
            if (cost > LargestCost && end > start)
                break;
        }
        return end;
    }
}
