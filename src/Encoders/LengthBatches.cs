using Microsoft.ML.GentleClip.Modalities;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Encoders;

/// <summary>
/// Divides rows of different lengths into parts that are encoded one after the other, so that memory is bounded and little is padding, and brings what comes
/// out back into the rows' order. A plan may be made anew with the memory of the one before.
/// </summary>
internal sealed class LengthBatches
{
    // More at once is not faster on a CPU, and memory grows with it: tokens, residues, or whatever a row's length counts.
    private const long LargestPart = 1 << 14;

    private const int MostRows = 1024;
    private const double LargestPadding = 0.1;

    // Starting one more pass through the layers costs about as much as this many tokens: operations are small on a CPU, launches slow on a GPU.
    private const long LeastSaving = 16, LeastSavingOnGpu = 2048;

    private readonly List<int> _ends = [];
    private int[] _order = [];
    private int[] _lengths = [];
    private int[] _keys = [];
    private int _rows;

    /// <summary>Number of parts.</summary>
    public int Count => _ends.Count;

    /// <summary>Whether the parts take the rows in another order than the given one.</summary>
    public bool IsReordered { get; private set; }

    /// <summary>The rows of a part.</summary>
    public ReadOnlySpan<int> this[int part] => _order.AsSpan(Start(part), _ends[part] - Start(part));

    /// <summary>The rows of each part.</summary>
    public int[][] Parts => [.. Enumerable.Range(0, Count).Select(part => this[part].ToArray())];

    /// <summary>
    /// Plans the passes of scoring: in the store's order where one pass will do or all rows cost the same, else the longest first, so that the largest
    /// pass comes at once.
    /// </summary>
    /// <param name="examples">What to encode.</param>
    /// <param name="batchSize">Rows of a pass; null bounds them by what they cost.</param>
    public void PlanScoring(ExampleStore examples, int? batchSize)
    {
        Begin(examples.Count);
        for (var i = 0; i < _rows; i++)
            _lengths[i] = examples.LengthOf(i);
        var (most, largest) = batchSize is { } size ? (size, long.MaxValue) : (_rows, LargestPart);
        if (_lengths.AsSpan(0, _rows).ContainsAnyExcept(_rows == 0 ? 0 : _lengths[0]) && End(0, most, largest) < _rows)
        {
            for (var i = 0; i < _rows; i++)
                _keys[i] = -_lengths[i];
            // Equal rows come in this sort's order: another one could move the last bits of their embeddings.
            Array.Sort(_keys, _order, 0, _rows);
            IsReordered = true;
        }
        Split(most, largest);
    }

    /// <summary>Rows of a pass of scoring through rows that all cost the same.</summary>
    /// <param name="length">What each costs.</param>
    /// <param name="batchSize">Rows of a pass; null bounds them by what they cost.</param>
    public static int RowsOfPass(int length, int? batchSize) => batchSize ?? (int)Math.Max(1, LargestPart / length);

    /// <summary>Passes through a tower, the longest examples first.</summary>
    /// <param name="examples">What to encode; where a frozen encoder has made features of it, rows are short, however long they were.</param>
    /// <param name="positions">Which of them; parts hold numbers of these positions.</param>
    public static LengthBatches Passes(ExampleStore examples, IReadOnlyList<int> positions)
    {
        var batches = new LengthBatches();
        batches.Begin(positions.Count);
        for (var i = 0; i < positions.Count; i++)
            batches._lengths[i] = examples.HasFeatures ? 1 : examples.LengthOf(positions[i]);
        batches.SortByLength();
        batches.Split(Math.Min(MostRows, examples.MostRowsPerBatch), LargestPart);
        return batches;
    }

    /// <summary>Parts in the given order.</summary>
    /// <param name="lengths">Of each row.</param>
    /// <param name="largest">Most of a part together.</param>
    public static LengthBatches InOrder(IReadOnlyList<int> lengths, long largest = LargestPart)
    {
        var batches = Of(lengths);
        batches.Split(batches._rows, largest);
        return batches;
    }

    /// <summary>
    /// Parts that are padded to their longest row, which comes first: at most about a tenth of each is padding, and at most some ten thousand tokens are in it.
    /// </summary>
    /// <remarks>
    /// The passes of scoring come sorted, but by what stores know without tokenising, such as characters; a pass of all rows and a batch of training are in no
    /// order at all. The order decides the parts, and these the last bits of the embeddings: so rows are sorted here again.
    /// </remarks>
    /// <param name="lengths">Tokens of each row.</param>
    /// <param name="device">Where the parts are encoded.</param>
    /// <param name="largest">Most tokens of a part, padding included.</param>
    public static LengthBatches Padded(IReadOnlyList<int> lengths, DeviceType device, long largest = LargestPart)
    {
        var batches = Of(lengths);
        batches.SortByLength();
        var leastSaving = device == DeviceType.CPU ? LeastSaving : LeastSavingOnGpu;
        var (start, filled) = (0, 0L);
        for (var i = 0; i < batches._rows; i++)
        {
            long length = batches._lengths[batches._order[i]];
            var room = i == start ? 0 : (i - start + 1L) * batches._lengths[batches._order[start]];
            if ((room > largest && i > start) || room - filled - length > Math.Max(leastSaving, LargestPadding * room))
            {
                batches._ends.Add(i);
                (start, filled) = (i, 0);
            }
            filled += length;
        }
        batches._ends.Add(batches._rows);
        return batches;
    }

    /// <summary>What came out of all parts, one row each, as one tensor in the rows' order.</summary>
    public Tensor Restore(IReadOnlyList<Tensor> parts, Device device)
    {
        var place = new long[_rows];
        for (var at = 0; at < _rows; at++)
            place[_order[at]] = at;
        return cat([.. parts], 0).index_select(0, tensor(place, device: device));
    }

    private static LengthBatches Of(IReadOnlyList<int> lengths)
    {
        var batches = new LengthBatches();
        batches.Begin(lengths.Count);
        for (var i = 0; i < lengths.Count; i++)
            batches._lengths[i] = lengths[i];
        return batches;
    }

    private void Begin(int rows)
    {
        if (_order.Length < rows)
        {
            var room = Math.Max(rows, 2 * _order.Length);
            (_order, _lengths, _keys) = (new int[room], new int[room], new int[room]);
        }
        (_rows, IsReordered) = (rows, false);
        _ends.Clear();
        for (var i = 0; i < rows; i++)
            _order[i] = i;
    }

    // Rows of one length keep their order.
    private void SortByLength()
    {
        var keys = new long[_rows];
        for (var i = 0; i < _rows; i++)
            keys[i] = ((long)-_lengths[i] << 32) + i;
        Array.Sort(keys, _order, 0, _rows);
        IsReordered = true;
    }

    private void Split(int most, long largest)
    {
        for (var start = 0; start < _rows; start = _ends[^1])
            _ends.Add(End(start, most, largest));
    }

    private int End(int start, int most, long largest)
    {
        var last = (int)Math.Min(_rows, (long)start + most);
        var length = 0L;
        for (var end = start; end < last; end++)
        {
            length += _lengths[_order[end]];
            if (length > largest && end > start)
                return end;
        }
        return last;
    }

    private int Start(int part) => part == 0 ? 0 : _ends[part - 1];
}
