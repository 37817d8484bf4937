using System.Runtime.ExceptionServices;
using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Runtime;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>
/// The rows that a cursor has read ahead: ids, pass-through values, and embeddings. The first two windows are computed as rows are asked for; from the third on
/// the next one is read while a thread of the pool computes the one before: whoever reads so far reads on, and whoever looks at the first rows pays for no
/// more. The source is read by the caller's thread alone.
/// </summary>
internal sealed class RowWindow : IDisposable
{
    private const int WindowsBeforeOverlap = 2;

    // A window of ONNX Runtime is four times as large as the one before, up to the plan's, so that the first row comes soon. With libtorch another division
    // would move the last bits of what saved models compute: there windows are equal, but that the first one of pictures ends with their first pass.
    private const int FirstWindow = 8, Growth = 4;

    private readonly EmbeddingSchema _schema;
    private readonly DataViewRowCursor _source;
    private readonly Dictionary<int, ColumnBuffer> _buffers = [];
    private readonly List<Input> _inputs = [];
    private readonly List<ColumnBuffer> _others = [];
    private readonly Bank[] _banks;
    private readonly ValueGetter<DataViewRowId> _getSourceId;
    private readonly DataViewRowId[] _ids;
    private readonly long[] _batches;
    private readonly int _capacity;
    private readonly bool _hasEmbeddings;
    private readonly int? _onlyTower;
    private int _limit;
    private Bank _served;
    private Bank? _next;
    private int _fillSlot;
    private int _windows;
    private bool _sourceEnded;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Makes an empty window over a cursor of the input.</summary>
    /// <param name="schema">The bound columns.</param>
    /// <param name="source">Cursor over the input, with the dependencies of the requested columns active.</param>
    /// <param name="requested">The output columns asked for, each once.</param>
    /// <param name="required">Per embedding column, whether rows without it are left out.</param>
    /// <param name="plan">Rows to read ahead, rows of a pass, whether to overlap.</param>
    public RowWindow(EmbeddingSchema schema, DataViewRowCursor source, IReadOnlyList<DataViewSchema.Column> requested, bool[] required, ScoringPlan plan)
    {
        _schema = schema;
        _source = source;
        _capacity = plan.Window;
        _limit = plan.UsesGraph ? Math.Min(FirstWindow, _capacity) : _capacity;
        _hasEmbeddings = requested.Any(column => schema.EmbeddingOf(column) >= 0);
        var banks = plan.Overlap && _hasEmbeddings ? 2 : 1;
        _ids = new DataViewRowId[banks * _capacity];
        _batches = new long[banks * _capacity];
        _getSourceId = source.GetIdGetter();
        foreach (var column in requested.Where(column => schema.EmbeddingOf(column) < 0))
            _buffers.Add(column.Index, ColumnBuffer.Open(source, schema.Input[column.Index], banks * _capacity));

        var row = new BufferedRow(source, _buffers, () => _fillSlot);
        var claimed = new HashSet<int>();
        foreach (var side in Enumerable.Range(0, schema.Columns.Count).GroupBy(embedding => schema.Columns[embedding].Tower))
        {
            var isRequired = side.Any(embedding => required[embedding]);
            var columns = side.Where(embedding => requested.Any(column => schema.EmbeddingOf(column) == embedding)).ToArray();
            if (columns.Length == 0 && !isRequired)
                continue;
            var binding = schema.Bindings[side.First()];
            _inputs.Add(new Input(columns, binding, binding.Open(row), Claim(binding), isRequired));
        }
        _others.AddRange(_buffers.Values.Except(_inputs.SelectMany(input => input.Buffers)));
        _banks = [.. Enumerable.Range(0, banks).Select(bank => new Bank(bank * _capacity, [.. _inputs.Select(input => Window(input))]))];
        _served = _banks[0];
        var computed = _inputs.Index().Where(input => input.Item.Embeddings.Length > 0).Select(input => input.Index).ToArray();
        _onlyTower = !plan.UsesGraph && computed.Length == 1 ? computed[0] : null;

        TowerWindow? Window(Input input) => input.Embeddings.Length == 0
            ? null
            : new TowerWindow([.. input.Embeddings.Select(embedding => schema.Columns[embedding])], input.Binding, plan);

        // The first reader of a column fills its buffer; others find it filled.
        ColumnBuffer[] Claim(ModalityBinding binding) =>
            [.. binding.Columns.Where(column => _buffers.ContainsKey(column.Index) && claimed.Add(column.Index)).Select(column => _buffers[column.Index])];
    }

    /// <summary>Number of rows in the window.</summary>
    public int Count { get; private set; }

    /// <summary>Id of a row.</summary>
    public DataViewRowId Id(int slot) => _ids[_served.Start + slot];

    /// <summary>Upstream's batch number of a row.</summary>
    public long Batch(int slot) => _batches[_served.Start + slot];

    /// <summary>A getter of a requested output column.</summary>
    public Delegate Getter(DataViewSchema.Column column, Func<int> currentSlot)
    {
        if (_schema.EmbeddingOf(column) is not (>= 0 and var embedding))
            return _buffers[column.Index].Getter(() => _served.Start + currentSlot());
        var input = _inputs.FindIndex(input => input.Embeddings.Contains(embedding));
        var number = Array.IndexOf(_inputs[input].Embeddings, embedding);
        return (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => _served.Windows[input]!.CopyTo(number, currentSlot(), ref value));
    }

    /// <summary>Throws when embeddings were asked for and the transformer was disposed.</summary>
    public void ThrowIfDisposed()
    {
        if (_hasEmbeddings)
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
        var bank = _next ?? _served;
        try
        {
            if (_next is null)
                Read(bank);
            _next = null;
            if (bank.Count == 0)
                bank.Failure?.Throw();
            if (_windows++ < WindowsBeforeOverlap || _banks.Length == 1)
                bank.Begin(inSlices: _windows == 1);
            else
                ComputeAndReadOn(bank);
        }
        catch (Exception exception)
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
            throw;
        }
        _failure = bank.Failure;
        _served = bank;
        return (Count = bank.Count) > 0;
    }

    /// <summary>Computes a row, where it is not computed yet.</summary>
    public void ComputeTo(int slot)
    {
        try
        {
            foreach (var window in _served.Windows)
                window?.ComputeTo(slot);
        }
        catch (Exception exception)
        {
            _failure = ExceptionDispatchInfo.Capture(exception);
            Count = 0;
            throw;
        }
    }

    /// <summary>Waits for what is being computed and frees the examples.</summary>
    public void Dispose()
    {
        foreach (var bank in _banks)
        {
            bank.Computing?.Dispose(); // of rows that nobody asked for
            foreach (var window in bank.Windows)
                window?.Dispose();
        }
    }

    private void ComputeAndReadOn(Bank bank)
    {
        bank.Computing ??= Ahead.Begin(bank.Compute);
        var other = bank == _banks[0] ? _banks[1] : _banks[0];
        other.Count = 0;
        if (bank.Failure is null && !_sourceEnded)
            Read(other);
        try
        {
            bank.Computing.Take();
        }
        finally
        {
            bank.Computing = null;
        }
        if (other.Count == 0 && other.Failure is null)
            return; // the source has ended
        _next = other;
        other.Computing = Ahead.Begin(other.Compute);
    }

    // What fails upstream is kept until its row's turn.
    private void Read(Bank bank)
    {
        bank.Clear();
        try
        {
            while (bank.Count < _limit && !_sourceEnded && !EndsWithPass(bank))
            {
                if (!_source.MoveNext())
                    _sourceEnded = true;
                else if (TakeRow(bank))
                    bank.Count++;
            }
        }
        catch (Exception exception)
        {
            bank.Failure = ExceptionDispatchInfo.Capture(exception);
        }
        // What a first window left of the plan's rows is the second one.
        _limit = bank.Count < _capacity && EndsWithPass(bank) ? _capacity - bank.Count : (int)Math.Min(_capacity, (long)Growth * _limit);
    }

    // The first passes of equally long rows are the same, whatever follows.
    private bool EndsWithPass(Bank bank) =>
        _windows == 0 && _onlyTower is { } input && bank.Windows[input] is { RowsPerPass: { } rows } window && window.Count == rows;

    private bool TakeRow(Bank bank)
    {
        _fillSlot = bank.Start + bank.Count;
        Span<Presence> presence = stackalloc Presence[_inputs.Count];
        for (var i = 0; i < presence.Length; i++)
        {
            foreach (var buffer in _inputs[i].Buffers)
                buffer.Fill(_fillSlot);
            presence[i] = _inputs[i].Reader.Read();
            if (_inputs[i].IsRequired && presence[i] != Presence.Present)
                return false;
        }
        foreach (var buffer in _others)
            buffer.Fill(_fillSlot);
        _getSourceId(ref _ids[_fillSlot]);
        _batches[_fillSlot] = _source.Batch;
        // Last, because a row that fails must leave no example behind.
        for (var i = 0; i < presence.Length; i++)
            bank.Windows[i]?.Set(bank.Count, _source.Position, _inputs[i].Reader, presence[i]);
        return true;
    }

    /// <summary>A side of the model: the numbers of its columns that are asked for, and how its samples are read.</summary>
    private readonly record struct Input(int[] Embeddings, ModalityBinding Binding, ExampleReader Reader, ColumnBuffer[] Buffers, bool IsRequired);

    /// <summary>Rows that are read and computed together.</summary>
    /// <param name="start">Their first slot in the buffers.</param>
    /// <param name="windows">Their embeddings, by side of the model; null where one is read only to know whether it is there.</param>
    private sealed class Bank(int start, TowerWindow?[] windows)
    {
        public int Start => start;

        public TowerWindow?[] Windows => windows;

        /// <summary>Number of rows.</summary>
        public int Count { get; set; }

        /// <summary>What ended the reading after these rows, or null.</summary>
        public ExceptionDispatchInfo? Failure { get; set; }

        /// <summary>The computation, while it is under way.</summary>
        public Ahead<int>? Computing { get; set; }

        public void Clear()
        {
            (Count, Failure) = (0, null);
            foreach (var window in windows)
                window?.Clear();
        }

        /// <summary>Computes from now on as rows are asked for.</summary>
        public void Begin(bool inSlices)
        {
            foreach (var window in windows)
                window?.Begin(inSlices);
        }

        /// <returns>Number of rows.</returns>
        public int Compute()
        {
            foreach (var window in windows)
                window?.Compute();
            return Count;
        }
    }


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
