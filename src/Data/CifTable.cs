namespace Microsoft.ML.GentleClip.Data;

/// <summary>Receives the rows of one category of a CIF file.</summary>
internal sealed class CifTable
{
    private readonly Action<CifTable> _onRow;
    private readonly bool[] _isGiven;
    private (int Start, int Length)[] _values;
    private (int Start, int Length)[] _lastValues;
    private byte[] _bytes = new byte[256];
    private byte[] _lastBytes = new byte[256];
    private int _used;

    /// <summary>Names what is needed of a category.</summary>
    /// <param name="category">Name, such as "atom_site".</param>
    /// <param name="items">The items that are needed; the others are passed over.</param>
    /// <param name="onRow">Called when a row is complete.</param>
    public CifTable(string category, string[] items, Action<CifTable> onRow)
    {
        (Category, Items, _onRow) = (category, items, onRow);
        _values = new (int, int)[items.Length];
        _lastValues = new (int, int)[items.Length];
        _isGiven = new bool[items.Length];
    }

    /// <summary>Name of the category.</summary>
    public string Category { get; }

    /// <summary>The items that are needed.</summary>
    public IReadOnlyList<string> Items { get; }

    /// <summary>Value of an item in this row; empty when it is unknown, does not apply or is not in the file.</summary>
    public ReadOnlySpan<byte> this[int item] => _bytes.AsSpan(_values[item].Start, _values[item].Length);

    /// <summary>Whether the file has this item at all.</summary>
    public bool Has(int item) => _isGiven[item];

    /// <summary>Whether these items are what they were in the row before.</summary>
    public bool Repeats(ReadOnlySpan<int> items)
    {
        foreach (var item in items)
        {
            if (!this[item].SequenceEqual(_lastBytes.AsSpan(_lastValues[item].Start, _lastValues[item].Length)))
                return false;
        }
        return true;
    }

    /// <summary>Begins a loop or a set of single values, none of whose items is known to be there.</summary>
    public void Begin()
    {
        Array.Clear(_isGiven);
        Clear();
        Array.Clear(_lastValues);
    }

    /// <summary>Says that an item is there.</summary>
    public void Declare(int item) => _isGiven[item] = true;

    /// <summary>Sets a value of the row.</summary>
    public void Set(int item, ReadOnlySpan<byte> value)
    {
        if (_used + value.Length > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _used + value.Length));
        value.CopyTo(_bytes.AsSpan(_used));
        _values[item] = (_used, value.Length);
        _used += value.Length;
    }

    /// <summary>Hands the row over and begins the next.</summary>
    public void Complete()
    {
        _onRow(this);
        (_lastValues, _values, _lastBytes, _bytes) = (_values, _lastValues, _bytes, _lastBytes);
        Clear();
    }

    private void Clear()
    {
        Array.Clear(_values);
        _used = 0;
    }
}
