using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>One embedding column over the rows of a window: collects the examples row by row, then embeds them together.</summary>
internal sealed class EmbeddingWindow : IDisposable
{
    private const int NoExample = -1;

    private readonly EmbeddingColumn _column;
    private readonly ExampleStore _examples;
    private readonly LengthBatches _batches = new();
    private readonly int? _batchSize;
    private readonly int[] _exampleOfRow;
    private readonly float[] _embeddings;

    /// <summary>Makes an empty window.</summary>
    /// <param name="column">What to compute.</param>
    /// <param name="binding">Of the rows' schema.</param>
    /// <param name="rows">Rows of a window.</param>
    /// <param name="batchSize">Most rows of a pass; null bounds them by what they cost.</param>
    public EmbeddingWindow(EmbeddingColumn column, ModalityBinding binding, int rows, int? batchSize)
    {
        _column = column;
        _examples = binding.CreateStore();
        _batchSize = batchSize;
        _exampleOfRow = new int[rows];
        _embeddings = new float[(long)rows * column.Dimension];
    }

    /// <summary>Frees the examples of a cursor that nobody disposed.</summary>
    ~EmbeddingWindow() => _examples?.Dispose();

    /// <summary>Starts a new window.</summary>
    public void Clear() => _examples.Clear();

    /// <summary>Sets a row of the window to the sample that a reader holds, or to none.</summary>
    public void Set(int row, ExampleReader reader, Presence presence)
    {
        _exampleOfRow[row] = presence == Presence.Present ? _examples.Count : NoExample;
        if (presence == Presence.Present)
            _examples.Add(reader);
    }

    /// <summary>Embeds the window's examples.</summary>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    public void Compute() => _column.Embed(_examples, _batches, _batchSize, _embeddings);

    /// <summary>Copies a row's embedding; NaN in every slot where the row has no sample.</summary>
    public void CopyTo(int row, ref VBuffer<float> value)
    {
        var editor = VBufferEditor.Create(ref value, _column.Dimension);
        if (_exampleOfRow[row] == NoExample)
            editor.Values.Fill(float.NaN);
        else
            _embeddings.AsSpan(_exampleOfRow[row] * _column.Dimension, _column.Dimension).CopyTo(editor.Values);
        value = editor.Commit();
    }

    /// <summary>Frees the examples.</summary>
    public void Dispose()
    {
        _examples.Dispose();
        GC.SuppressFinalize(this);
    }
}
