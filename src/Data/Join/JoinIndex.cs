namespace Microsoft.ML.GentleClip.Data;

/// <summary>
/// The ids of both sides: a number for each different one, the number of each row, and the rows of each number. All that a join keeps of its views. Immutable.
/// </summary>
internal sealed class JoinIndex
{
    /// <summary>Of a row without an id.</summary>
    public const int NoId = -1;

    private const int RowsBetweenLooks = 4096;

    private readonly Dictionary<JoinId, int> _numbers;
    private readonly JoinSide _a;
    private readonly JoinSide _b;

    private JoinIndex(Dictionary<JoinId, int> numbers, List<int> idsA, List<int> idsB)
    {
        _numbers = numbers;
        _a = new JoinSide(idsA, numbers.Count);
        _b = new JoinSide(idsB, numbers.Count);
    }

    /// <summary>Side A.</summary>
    public JoinSide A => _a;

    /// <summary>Side B.</summary>
    public JoinSide B => _b;

    /// <summary>Number of different ids.</summary>
    public int Count => _numbers.Count;

    /// <summary>The ids with their numbers.</summary>
    public IEnumerable<KeyValuePair<JoinId, int>> Ids => _numbers;

    /// <summary>Reads the ids of both views.</summary>
    /// <exception cref="InvalidOperationException">A value is no id.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static JoinIndex Read(IDataView a, JoinKey keyA, IDataView b, JoinKey keyB, CancellationToken cancellationToken)
    {
        var numbers = new Dictionary<JoinId, int>();
        return new JoinIndex(numbers, Rows(a, keyA), Rows(b, keyB));

        List<int> Rows(IDataView view, JoinKey key)
        {
            var rows = new List<int>();
            using var cursor = view.GetRowCursor([key.Column]);
            var read = key.Open(cursor);
            while (cursor.MoveNext())
            {
                if (rows.Count % RowsBetweenLooks == 0)
                    cancellationToken.ThrowIfCancellationRequested();
                if (rows.Count == Array.MaxLength)
                    throw new InvalidOperationException($"{key.View} has more than {Array.MaxLength} rows; a join takes no more.");
                if (read() is not { } id)
                    rows.Add(NoId);
                else if (numbers.TryGetValue(id, out var number))
                    rows.Add(number);
                else
                {
                    rows.Add(numbers.Count);
                    numbers.Add(id, numbers.Count);
                }
            }
            return rows;
        }
    }

    /// <summary>The number of an id, or <see cref="NoId"/>; -2 for one that neither view had.</summary>
    public int NumberOf(JoinId? id) => id is not { } known ? NoId : _numbers.TryGetValue(known, out var number) ? number : -2;

    /// <summary>An id in words.</summary>
    public string Describe(int number) => number == NoId ? "no id" : $"the id {_numbers.First(entry => entry.Value == number).Key}";
}

/// <summary>The rows of one side by the numbers of their ids.</summary>
internal sealed class JoinSide
{
    private readonly int[] _ids;
    private readonly int[] _starts;
    private readonly int[] _rows;

    /// <summary>Sorts rows by their ids; equal ones keep their order.</summary>
    public JoinSide(List<int> ids, int count)
    {
        _ids = [.. ids];
        _starts = new int[count + 1];
        foreach (var id in _ids)
            if (id != JoinIndex.NoId)
                _starts[id + 1]++;
        for (var id = 0; id < count; id++)
            _starts[id + 1] += _starts[id];
        _rows = new int[_starts[count]];
        var next = _starts.AsSpan(0, count).ToArray();
        for (var row = 0; row < _ids.Length; row++)
            if (_ids[row] != JoinIndex.NoId)
                _rows[next[_ids[row]]++] = row;
    }

    /// <summary>Number of rows.</summary>
    public int Count => _ids.Length;

    /// <summary>Number of rows without an id.</summary>
    public int Missing => _ids.Length - _rows.Length;

    /// <summary>The number of a row's id.</summary>
    public int IdOf(int row) => _ids[row];

    /// <summary>The rows of an id, in order.</summary>
    public ReadOnlySpan<int> RowsOf(int id) => id < 0 ? [] : _rows.AsSpan(_starts[id], _starts[id + 1] - _starts[id]);
}
