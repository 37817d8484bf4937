using System.Runtime.ExceptionServices;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>
/// The rows that a cursor has read ahead: ids, pass-through values, and embeddings, which take one forward pass per requested column.
/// </summary>
internal sealed class RowWindow : IDisposable
{
    private readonly EmbeddingSchema _schema;
    private readonly DataViewRowCursor _source;
    private readonly Dictionary<int, ColumnBuffer> _buffers = [];
    private readonly List<Input> _inputs = [];
    private readonly List<ColumnBuffer> _others = [];
    private readonly List<EmbeddingWindow> _embeddings = [];
    private readonly ValueGetter<DataViewRowId> _getSourceId;
    private readonly DataViewRowId[] _ids;
    private readonly long[] _batches;
    private bool _sourceEnded;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Makes an empty window over a cursor of the input.</summary>
    /// <param name="schema">The bound columns.</param>
    /// <param name="source">Cursor over the input, with the dependencies of the requested columns active.</param>
    /// <param name="requested">The output columns asked for, each once.</param>
    /// <param name="required">Per embedding column, whether rows without it are left out.</param>
    /// <param name="capacity">Rows to read ahead.</param>
    public RowWindow(EmbeddingSchema schema, DataViewRowCursor source, IReadOnlyList<DataViewSchema.Column> requested, bool[] required, int capacity)
    {
        _schema = schema;
        _source = source;
        _ids = new DataViewRowId[capacity];
        _batches = new long[capacity];
        _getSourceId = source.GetIdGetter();
        foreach (var column in requested.Where(column => schema.EmbeddingOf(column) < 0))
            _buffers.Add(column.Index, ColumnBuffer.Open(source, schema.Input[column.Index], capacity));

        var row = new BufferedRow(source, _buffers, () => Count);
        var claimed = new HashSet<int>();
        for (var embedding = 0; embedding < schema.Columns.Count; embedding++)
        {
            var isRequested = requested.Any(column => schema.EmbeddingOf(column) == embedding);
            if (!isRequested && !required[embedding])
                continue;
            var binding = schema.Bindings[embedding];
            var window = isRequested ? new EmbeddingWindow(schema.Columns[embedding], binding, capacity) : null;
            _inputs.Add(new Input(embedding, binding.Open(row), Claim(binding), required[embedding], window));
            if (window is not null)
                _embeddings.Add(window);
        }
        _others.AddRange(_buffers.Values.Except(_inputs.SelectMany(input => input.Buffers)));

        // The first reader of a column fills its buffer; others find it filled.
        ColumnBuffer[] Claim(ModalityBinding binding) =>
            [.. binding.Columns.Where(column => _buffers.ContainsKey(column.Index) && claimed.Add(column.Index)).Select(column => _buffers[column.Index])];
    }

    /// <summary>Number of rows in the window.</summary>
    public int Count { get; private set; }

    /// <summary>Id of a row.</summary>
    public DataViewRowId Id(int slot) => _ids[slot];

    /// <summary>Upstream's batch number of a row.</summary>
    public long Batch(int slot) => _batches[slot];

    /// <summary>A getter of a requested output column.</summary>
    public Delegate Getter(DataViewSchema.Column column, Func<int> currentSlot)
    {
        if (_schema.EmbeddingOf(column) is not (>= 0 and var embedding))
            return _buffers[column.Index].Getter(currentSlot);
        var window = _inputs.Find(input => input.Embedding == embedding).Window!;
        return (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => window.CopyTo(currentSlot(), ref value));
    }

    /// <summary>Throws when embeddings were asked for and the transformer was disposed.</summary>
    public void ThrowIfDisposed()
    {
        if (_embeddings.Count > 0)
            _schema.Columns[0].ThrowIfDisposed();
    }

    /// <summary>
    /// Replaces the window by the next rows; false when there are none. A failure upstream comes to light at its own row, as it would without
    /// reading ahead: the rows before it are served first.
    /// </summary>
    public bool Advance()
    {
        Count = 0;
        _failure?.Throw();
        foreach (var window in _embeddings)
            window.Clear();
        try
        {
            ReadRows();
        }
        catch (Exception exception)
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
        }
        if (Count == 0)
            _failure?.Throw();
        try
        {
            foreach (var window in _embeddings)
                window.Compute();
        }
        catch (Exception exception)
        {
            Count = 0;
            _failure = ExceptionDispatchInfo.Capture(exception);
            throw;
        }
        return Count > 0;
    }

    /// <summary>Frees the examples.</summary>
    public void Dispose()
    {
        foreach (var window in _embeddings)
            window.Dispose();
    }

    private void ReadRows()
    {
        while (Count < _ids.Length && !_sourceEnded)
        {
            if (!_source.MoveNext())
                _sourceEnded = true;
            else if (TakeRow(Count))
                Count++;
        }
    }

    private bool TakeRow(int slot)
    {
        Span<Presence> presence = stackalloc Presence[_inputs.Count];
        for (var i = 0; i < presence.Length; i++)
        {
            foreach (var buffer in _inputs[i].Buffers)
                buffer.Fill(slot);
            presence[i] = _inputs[i].Reader.Read();
            if (_inputs[i].IsRequired && presence[i] != Presence.Present)
                return false;
        }
        foreach (var buffer in _others)
            buffer.Fill(slot);
        _getSourceId(ref _ids[slot]);
        _batches[slot] = _source.Batch;
        // Last, because a row that fails must leave no example behind.
        for (var i = 0; i < presence.Length; i++)
            _inputs[i].Window?.Set(slot, _inputs[i].Reader, presence[i]);
        return true;
    }

    private readonly record struct Input(int Embedding, ExampleReader Reader, ColumnBuffer[] Buffers, bool IsRequired, EmbeddingWindow? Window);

    /// <summary>The source's row, but columns that are passed through as well come from their buffers: upstream computes them once.</summary>
    private sealed class BufferedRow(DataViewRow source, Dictionary<int, ColumnBuffer> buffers, Func<int> slot) : DataViewRow
    {
        public override DataViewSchema Schema => source.Schema;

        public override long Position => source.Position;

        public override long Batch => source.Batch;

        public override bool IsColumnActive(DataViewSchema.Column column) => source.IsColumnActive(column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => source.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => buffers.TryGetValue(column.Index, out var buffer)
            ? (ValueGetter<TValue>)buffer.Getter(slot)
            : source.GetGetter<TValue>(column);
    }
}
