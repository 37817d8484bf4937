namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>Which rows of one side are the partners of which rows of the other.</summary>
internal sealed class PairLinks
{
    private readonly (int[] Starts, int[] Rows) _ofA;
    private readonly (int[] Starts, int[] Rows) _ofB;

    /// <summary>Links from pairs of rows, each pair once.</summary>
    public PairLinks(IReadOnlyCollection<(int A, int B)> pairs, int countA, int countB)
    {
        Count = pairs.Count;
        _ofA = Group(pairs, countA);
        _ofB = Group(pairs.Select(pair => (pair.B, pair.A)), countB);
    }

    /// <summary>Row i belongs to row i.</summary>
    public static PairLinks RowByRow(int count) => new([.. Enumerable.Range(0, count).Select(row => (row, row))], count, count);

    /// <summary>Number of links.</summary>
    public int Count { get; }

    /// <summary>Partners in B of a row of A.</summary>
    public ReadOnlySpan<int> OfA(int row) => Of(_ofA, row);

    /// <summary>Partners in A of a row of B.</summary>
    public ReadOnlySpan<int> OfB(int row) => Of(_ofB, row);

    private static ReadOnlySpan<int> Of((int[] Starts, int[] Rows) links, int row) => links.Rows.AsSpan(links.Starts[row]..links.Starts[row + 1]);

    private static (int[] Starts, int[] Rows) Group(IEnumerable<(int From, int To)> pairs, int count)
    {
        var sorted = pairs.Order().ToList();
        var starts = new int[count + 1];
        foreach (var (from, _) in sorted)
            starts[from + 1]++;
        for (var row = 0; row < count; row++)
            starts[row + 1] += starts[row];
        return (starts, [.. sorted.Select(pair => pair.To)]);
    }
}
