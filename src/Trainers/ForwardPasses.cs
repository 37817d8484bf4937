using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Divides examples into passes through an encoder whose memory is bounded, whatever their number.</summary>
internal static class ForwardPasses
{
    private const int LengthPerPass = 1 << 14, RowsPerPass = 1024;

    /// <summary>Numbers of the given positions, from 0, pass by pass. Neighbours in the order of lengths share a pass, so that little is padding.</summary>
    public static IReadOnlyList<int[]> Of(ExampleStore examples, IReadOnlyList<int> positions)
    {
        int[] order = [.. Enumerable.Range(0, positions.Count).OrderByDescending(number => LengthOf(positions[number]))];
        var most = Math.Min(RowsPerPass, examples.MostRowsPerBatch);
        var passes = new List<int[]>();
        for (int start = 0, end; start < order.Length; start = end)
        {
            var length = 0L;
            for (end = start; end < order.Length && end - start < most && (end == start || length + Length(end) <= LengthPerPass); end++)
                length += Length(end);
            passes.Add(order[start..end]);
        }
        return passes;

        int Length(int number) => LengthOf(positions[order[number]]);

        // Features of a frozen encoder are short, however long the examples were.
        int LengthOf(int position) => examples.HasFeatures ? 1 : examples.LengthOf(position);
    }
}
