namespace Microsoft.ML.GentleClip.Evaluation;

/// <summary>Numbers class labels in the order of their first appearance.</summary>
internal sealed class ClassIndex
{
    private readonly Dictionary<string, int> _indices = [];
    private readonly List<string> _names = [];

    /// <summary>The labels.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>The label's number; a new label gets the next one.</summary>
    public int Add(string label)
    {
        if (_indices.TryGetValue(label, out var index))
            return index;
        _names.Add(label);
        return _indices[label] = _names.Count - 1;
    }

    /// <summary>The label's number, or -1.</summary>
    public int Find(string? label) => label is not null && _indices.TryGetValue(label, out var index) ? index : -1;

    /// <summary>The mean of each class's values; NaN for a class without any.</summary>
    public static double[] Means(ReadOnlySpan<double> values, ReadOnlySpan<int> classes, int count)
    {
        var (sums, counts) = (new double[count], new int[count]);
        for (var i = 0; i < values.Length; i++)
        {
            sums[classes[i]] += values[i];
            counts[classes[i]]++;
        }
        return [.. sums.Zip(counts, (sum, members) => sum / members)];
    }

    /// <summary>The mean of each class's unit rows, scaled to unit length; zero for a class without any.</summary>
    public static EmbeddingRows Centroids(EmbeddingRows rows, IReadOnlyList<int> classes, int count)
    {
        var sums = new double[count][];
        for (var i = 0; i < count; i++)
            sums[i] = new double[rows.Dimension];
        for (var row = 0; row < rows.Count; row++)
        {
            var sum = sums[classes[row]];
            var values = rows.Values(row);
            for (var i = 0; i < sum.Length; i++)
                sum[i] += values[i];
        }
        var members = classes.CountBy(index => index).ToDictionary();
        var centroids = new EmbeddingRows(rows.Dimension, count);
        foreach (var (index, sum) in sums.Index())
            centroids.Add([.. sum.Select(value => (float)(value / members.GetValueOrDefault(index, 1)))]);
        return centroids;
    }
}
