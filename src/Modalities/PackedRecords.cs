namespace Microsoft.ML.GentleClip.Modalities;

/// <summary>Runs of values of different lengths, packed into arrays so that growing never copies.</summary>
internal sealed class PackedRecords<T> where T : unmanaged
{
    private const int LargestChunk = 1 << 16;

    private readonly List<T[]> _chunks = [];
    private readonly List<(int Chunk, int Start, int Length)> _records = [];
    private int _chunk;
    private int _used;

    /// <summary>A record, in the order in which they were added; its memory is valid until <see cref="Clear"/>.</summary>
    public ReadOnlyMemory<T> this[int index] => _records[index] is var (chunk, start, length) ? _chunks[chunk].AsMemory(start, length) : default;

    /// <summary>Copies a record.</summary>
    public void Add(ReadOnlySpan<T> values)
    {
        while (_chunk < _chunks.Count && _chunks[_chunk].Length - _used < values.Length)
            (_chunk, _used) = (_chunk + 1, 0);
        if (_chunk == _chunks.Count) // small at first: a store of a single row is common
            _chunks.Add(new T[Math.Max(values.Length, _chunk == 0 ? 0 : Math.Min(LargestChunk, 2 * _chunks[^1].Length))]);
        values.CopyTo(_chunks[_chunk].AsSpan(_used));
        _records.Add((_chunk, _used, values.Length));
        _used += values.Length;
    }

    /// <summary>Forgets the records and keeps the memory.</summary>
    public void Clear()
    {
        _records.Clear();
        (_chunk, _used) = (0, 0);
    }
}
