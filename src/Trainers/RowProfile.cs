using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>How alike the samples of a column are: one hash a sample, and for vectors how many of their slots are not 0.</summary>
internal sealed class RowProfile(string column)
{
    private const ulong Prime = 0x9E3779B97F4A7C15;

    private readonly List<ulong> _hashes = [];
    private readonly List<long> _rows = [];
    private long _nonzeroSlots;
    private int _fewestNonzero = int.MaxValue;
    private int _mostNonzero;

    /// <summary>Name of the column.</summary>
    public string Column => column;

    /// <summary>Number of samples.</summary>
    public int Count => _hashes.Count;

    /// <summary>Slots of a sample that is a vector, else 0.</summary>
    public int Dimension { get; private set; }

    /// <summary>Samples that are 0 in every slot.</summary>
    public int Zeros { get; private set; }

    /// <summary>Mean number of slots that are not 0, among the samples that have any.</summary>
    public double MeanNonzero => Count > Zeros ? (double)_nonzeroSlots / (Count - Zeros) : 0;

    /// <summary>Whether all samples that are not 0 have the same number of slots that are not 0, as one-hot vectors do.</summary>
    public bool NonzeroIsFixed => _fewestNonzero == _mostNonzero;

    /// <summary>Takes in the sample that a reader holds.</summary>
    public void Add(ExampleReader reader, long row)
    {
        _rows.Add(row);
        if (reader is not FeatureReader features)
        {
            _hashes.Add(Hash(reader.Content));
            return;
        }
        Dimension = features.Dimension;
        var (nonzero, hash) = features.IsSparse ? HashNonzero(features.Stored, features.Slots) : HashNonzero(features.Values, []);
        _hashes.Add(hash);
        if (nonzero == 0)
        {
            Zeros++;
            return;
        }
        _nonzeroSlots += nonzero;
        (_fewestNonzero, _mostNonzero) = (Math.Min(_fewestNonzero, nonzero), Math.Max(_mostNonzero, nonzero));
    }

    /// <summary>How many different samples there are, and the one that occurs most often: its position among the samples, its row, how often.</summary>
    public (int Distinct, int Position, long Row, int Times) MostFrequent()
    {
        var sorted = _hashes.ToArray();
        Array.Sort(sorted);
        var (distinct, best, times) = (0, 0ul, 0);
        for (int start = 0, end; start < sorted.Length; start = end, distinct++)
        {
            for (end = start + 1; end < sorted.Length && sorted[end] == sorted[start];)
                end++;
            if (end - start > times)
                (best, times) = (sorted[start], end - start);
        }
        var position = _hashes.IndexOf(best);
        return (distinct, position, _rows[position], times);
    }

    // A vector's hash is the same whether it came sparse or dense.
    private static (int Nonzero, ulong Hash) HashNonzero(ReadOnlySpan<float> values, ReadOnlySpan<int> slots)
    {
        var (nonzero, hash) = (0, Prime);
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] == 0)
                continue;
            nonzero++;
            hash = Mix(hash, ((ulong)(uint)(slots.IsEmpty ? i : slots[i]) << 32) | BitConverter.SingleToUInt32Bits(values[i]));
        }
        return (nonzero, hash);
    }

    private static ulong Hash(ReadOnlySpan<byte> content)
    {
        var hash = (ulong)content.Length * Prime;
        var words = MemoryMarshal.Cast<byte, ulong>(content);
        foreach (var word in words)
            hash = Mix(hash, word);
        foreach (var rest in content[(words.Length * sizeof(ulong))..])
            hash = Mix(hash, rest);
        return hash;
    }

    private static ulong Mix(ulong hash, ulong word)
    {
        hash = (hash ^ word) * Prime;
        return hash ^ (hash >> 29);
    }
}
