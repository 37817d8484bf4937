using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>How alike the samples of a column are: one hash a sample, and for vectors how many of their slots are not 0.</summary>
internal sealed class RowProfile(string column)
{
    private const ulong Prime = 0x9E3779B97F4A7C15;

    private readonly List<long> _rowsOfAll = [];
    private List<ulong> _hashes = [];
    private List<long> _rows = [];
    private Counts _counts = new();

    /// <summary>Name of the column.</summary>
    public string Column => column;

    /// <summary>Number of samples.</summary>
    public int Count => _hashes.Count;

    /// <summary>Slots of a sample that is a vector, else 0.</summary>
    public int Dimension => _counts.Dimension;

    /// <summary>Samples that are 0 in every slot.</summary>
    public int Zeros => _counts.Zeros;

    /// <summary>Mean number of slots that are not 0, among the samples that have any.</summary>
    public double MeanNonzero => Count > Zeros ? (double)_counts.NonzeroSlots / (Count - Zeros) : 0;

    /// <summary>Whether all samples that are not 0 have the same number of slots that are not 0, as one-hot vectors do.</summary>
    public bool NonzeroIsFixed => _counts.Fewest == _counts.Most;

    /// <summary>Takes in the sample that a reader holds.</summary>
    public void Add(ExampleReader reader, long row)
    {
        _rows.Add(row);
        if (reader is not FeatureReader features)
        {
            _hashes.Add(Hash(reader.Content));
            return;
        }
        var (nonzero, hash) = HashNonzero(features);
        _hashes.Add(hash);
        _counts = _counts.With(features.Dimension, nonzero);
    }

    /// <summary>Tells the row of a sample, of all processes, for <see cref="Share"/>.</summary>
    public void AddRow(long row) => _rowsOfAll.Add(row);

    /// <summary>From now on the samples of all processes count.</summary>
    public void Share(SampleShards shards)
    {
        if (!shards.Group.IsShared())
            return;
        var (hashes, read) = (new List<ulong>(), 0);
        shards.Exchange(
            [.. Enumerable.Range(0, shards.Count)], sizeof(ulong), (_, bytes) => BinaryPrimitives.WriteUInt64LittleEndian(bytes, _hashes[read++]),
            (_, bytes) => hashes.Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes)), "how alike the samples are");
        var (counts, size) = (new Counts(), Marshal.SizeOf<Counts>());
        shards.Group.Exchange(
            shards.Group.Size, rank => rank, size, (_, bytes) => MemoryMarshal.Write(bytes, _counts),
            (_, bytes) => counts = counts.With(MemoryMarshal.Read<Counts>(bytes)), "how alike the samples are");
        (_hashes, _rows, _counts) = (hashes, _rowsOfAll, counts);
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

    /// <summary>The hash of the sample that a reader holds.</summary>
    public static ulong Hash(ExampleReader reader) => reader is FeatureReader features ? HashNonzero(features).Hash : Hash(reader.Content);

    /// <summary>A hash of a hash and what follows.</summary>
    public static ulong Mix(ulong hash, ulong word)
    {
        hash = (hash ^ word) * Prime;
        return hash ^ (hash >> 29);
    }

    private static (int Nonzero, ulong Hash) HashNonzero(FeatureReader features) =>
        features.IsSparse ? HashNonzero(features.Stored, features.Slots) : HashNonzero(features.Values, []);

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

    // Of samples that are vectors.
    private readonly record struct Counts(int Dimension, int Zeros, long NonzeroSlots, int Fewest, int Most)
    {
        public Counts() : this(0, 0, 0, int.MaxValue, 0)
        {
        }

        public Counts With(int dimension, int nonzero) =>
            With(nonzero == 0 ? new Counts() with { Dimension = dimension, Zeros = 1 } : new Counts(dimension, 0, nonzero, nonzero, nonzero));

        public Counts With(Counts other) => new(
            Math.Max(Dimension, other.Dimension), Zeros + other.Zeros, NonzeroSlots + other.NonzeroSlots, Math.Min(Fewest, other.Fewest),
            Math.Max(Most, other.Most));
    }
}
