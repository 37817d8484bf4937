using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// Some rows of a part that is encoded together, apart from the others: in the part's width and mask, so that each row's features keep their bits.
/// </summary>
/// <remarks>
/// By one thread, a matrix product adds up each of its rows alike, however many there are, but for two things, both measured (docs/scoring.md): products of
/// few rows take other ways; and where rows are taken four at a time, what is left over at the end is added up in another order. So a slice has rows enough,
/// and the same rows at its end.
/// </remarks>
internal sealed class PartSlice(int[] wanted)
{
    /// <summary>Rows of a product that takes the ways of large ones, and has none left over.</summary>
    public const int Plenty = 64;

    private const int Block = 4;

    private readonly HashSet<int> _wanted = [.. wanted];
    private readonly List<Tensor> _features = [];
    private readonly List<int> _rows = [];

    /// <summary>Which rows of a part to encode: the wanted ones, and others where they are needed for the bits; none where none is wanted.</summary>
    /// <param name="part">The part.</param>
    /// <param name="width">Rows of a product that each takes: its tokens, padding included.</param>
    /// <param name="fewest">Rows to encode at least.</param>
    public int[] Of(ReadOnlySpan<int> part, int width, int fewest = 1)
    {
        var last = part[^1];
        var (chosen, others) = (new List<int>(), new List<int>());
        foreach (var row in part[..^1])
            (_wanted.Contains(row) ? chosen : others).Add(row);
        var isLastWanted = _wanted.Contains(last);
        if (chosen.Count == 0 && !isLastWanted)
            return [];
        var hasRest = (long)part.Length * width % Block != 0;
        var count = Math.Max(fewest, (Plenty + width - 1) / width);
        count = Math.Max(count, chosen.Count + (isLastWanted || hasRest ? 1 : 0));
        while (count < part.Length && (long)(part.Length - count) * width % Block != 0)
            count++;
        if (count >= part.Length)
            return part.ToArray();
        var isLastTaken = isLastWanted || hasRest;
        chosen.AddRange(others.Take(count - chosen.Count - (isLastTaken ? 1 : 0)));
        if (isLastTaken)
            chosen.Add(last);
        return chosen.Count == count ? [.. chosen] : part.ToArray();
    }

    /// <summary>Takes what came out for rows that <see cref="Of"/> has given; into the open dispose scope.</summary>
    public void Add(int[] rows, Tensor features)
    {
        long[] places = [.. rows.Index().Where(row => _wanted.Contains(row.Item)).Select(row => (long)row.Index)];
        _features.Add(features.index_select(0, tensor(places)));
        _rows.AddRange(rows.Where(_wanted.Contains));
    }

    /// <summary>The features of all wanted rows, in their order.</summary>
    public Tensor Restore()
    {
        var place = _rows.Index().ToDictionary(entry => entry.Item, entry => (long)entry.Index);
        return cat(_features, 0).index_select(0, tensor(Array.ConvertAll(wanted, row => place[row])));
    }
}
