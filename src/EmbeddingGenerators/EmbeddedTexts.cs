using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Interop;
using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.EmbeddingGenerators;

/// <summary>The appended column of embeddings. A cursor over a view looks ahead for the texts of a whole call; a single row is a call of its own.</summary>
/// <param name="calls">Asks the generator.</param>
/// <param name="input">Column of the texts.</param>
/// <param name="output">Name of the column.</param>
/// <param name="dimension">Length of the embeddings.</param>
/// <param name="ahead">Where cursors look ahead; null for single rows.</param>
internal sealed class EmbeddedTexts(GeneratorCalls? calls, DataViewSchema.Column input, string output, int dimension, IDataView? ahead)
    : AppendedColumns(input)
{
    /// <inheritdoc/>
    protected override DataViewSchema.DetachedColumn[] Outputs { get; } =
        [new(output, new VectorDataViewType(NumberDataViewType.Single, dimension))];

    /// <inheritdoc/>
    protected override Delegate?[] CreateGetters(DataViewRow row, Func<int, bool> isActive) => CreateGetters(row, isActive, out _);

    /// <inheritdoc/>
    protected override Delegate?[] CreateGetters(DataViewRow row, Func<int, bool> isActive, out Action? disposer)
    {
        disposer = null;
        if (!isActive(0))
            return [null];
        if (calls is null)
            throw new InvalidOperationException(
                $"Column '{output}' comes from an embedding generator, which a saved model does not hold: give it again with "
                + $"model.{nameof(EmbeddingGeneratorExtensions.UseEmbeddingGenerator)}(generator) before rows are read.");
        var window = new Window(calls, dimension, ahead, Input.Name, row);
        disposer = window.Dispose;
        return [(ValueGetter<VBuffer<float>>)window.Get];
    }

    /// <inheritdoc/>
    protected override void CheckOnnx(OnnxPipeline pipeline) => throw new NotSupportedException(
        $"Column '{output}' comes from an embedding generator, which cannot be part of an ONNX graph. Convert from data that have the column already.");

    /// <inheritdoc/>
    protected override void SaveOnnx(OnnxPipeline pipeline) => CheckOnnx(pipeline);

    /// <summary>Embeddings of the rows around the current one. Found by their text, so that the order in which rows come does not matter.</summary>
    private sealed class Window(GeneratorCalls calls, int dimension, IDataView? ahead, string column, DataViewRow row) : IDisposable
    {
        private readonly ValueGetter<ReadOnlyMemory<char>> _text = row.GetGetter<ReadOnlyMemory<char>>(row.Schema[column]);
        private Dictionary<string, float[]> _now = new(StringComparer.Ordinal), _before = new(StringComparer.Ordinal);
        private DataViewRowCursor? _cursor;
        private ValueGetter<ReadOnlyMemory<char>>? _next;
        private bool _isAtEnd = ahead is null;

        public void Get(ref VBuffer<float> value)
        {
            ReadOnlyMemory<char> memory = default;
            _text(ref memory);
            var editor = VBufferEditor.Create(ref value, dimension);
            if (TextWords.IsBlank(memory.Span))
                editor.Values.Fill(float.NaN);
            else
                Of(memory.ToString()).CopyTo(editor.Values);
            value = editor.Commit();
        }

        public void Dispose() => _cursor?.Dispose();

        private float[] Of(string text)
        {
            if (_now.TryGetValue(text, out var known) || _before.TryGetValue(text, out known))
                return known;
            List<(string Text, long Row)> texts = [(text, row.Position)];
            var seen = new HashSet<string>(StringComparer.Ordinal) { text };
            while (!_isAtEnd && texts.Count < calls.BatchSize)
                if (Next() is { } next && !_now.ContainsKey(next) && seen.Add(next))
                    texts.Add((next, _cursor!.Position));
            // The cursor ahead may have passed rows whose texts are of the last call.
            _before = _now;
            _now = new(StringComparer.Ordinal);
            foreach (var (entry, embedding) in texts.Zip(calls.Embed(texts, dimension)))
                _now.Add(entry.Text, embedding);
            return _now[text];
        }

        // Null for a row without text, and at the end.
        private string? Next()
        {
            if (_cursor is null)
            {
                var source = ahead!.Schema[column];
                _cursor = ahead.GetRowCursor([source]);
                _next = _cursor.GetGetter<ReadOnlyMemory<char>>(source);
            }
            if (!_cursor.MoveNext())
            {
                _isAtEnd = true;
                return null;
            }
            ReadOnlyMemory<char> memory = default;
            _next!(ref memory);
            return TextWords.IsBlank(memory.Span) ? null : memory.ToString();
        }
    }
}
