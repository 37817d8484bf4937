using Microsoft.ML.Data;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>The columns of one side of the model over the rows of a window: collects the examples row by row, then computes them together, each once.</summary>
internal sealed class TowerWindow : IDisposable
{
    private const int NoExample = -1;

    private readonly TowerScorer _tower;
    private readonly ExampleStore _examples;
    private readonly LengthBatches _batches = new();
    private readonly ScoringPlan _plan;
    private readonly int[] _exampleOfRow;
    private readonly (ColumnOutput Output, float[] Values)[] _columns;
    private readonly int[] _dimensions;
    private TowerRun? _run; // of libtorch, as far as rows were asked for

    /// <summary>Makes an empty window.</summary>
    /// <param name="columns">What to compute, one column or more of one side.</param>
    /// <param name="binding">Of the rows' schema.</param>
    /// <param name="plan">Rows of a window and of a pass, and what computes.</param>
    public TowerWindow(IReadOnlyList<EmbeddingColumn> columns, ModalityBinding binding, ScoringPlan plan)
    {
        var rows = plan.Window;
        _tower = columns[0].Tower;
        _examples = binding.CreateStore();
        _plan = plan;
        _exampleOfRow = new int[rows];
        _columns = [.. columns.Select(column => (column.Output, new float[(long)rows * column.Dimension]))];
        _dimensions = [.. columns.Select(column => column.Dimension)];
    }

    /// <summary>Frees the examples of a cursor that nobody disposed.</summary>
    ~TowerWindow() => _examples?.Dispose();

    /// <summary>Examples so far.</summary>
    public int Count => _examples.Count;

    /// <summary>Rows of each of the passes that equally long examples take, in their order; null where lengths differ.</summary>
    public int? RowsPerPass => _examples.EqualLength is { } length ? LengthBatches.RowsOfPass(length, _plan.BatchSize) : null;

    /// <summary>Starts a new window.</summary>
    public void Clear()
    {
        EndRun();
        _examples.Clear();
    }

    /// <summary>Sets a row of the window to the sample that a reader holds, or to none.</summary>
    /// <param name="row">The row.</param>
    /// <param name="position">Its number in the source, for messages.</param>
    /// <param name="reader">Holds the sample.</param>
    /// <param name="presence">Whether there is one.</param>
    public void Set(int row, long position, ExampleReader reader, Presence presence)
    {
        _exampleOfRow[row] = presence == Presence.Present ? _examples.Count : NoExample;
        if (presence != Presence.Present)
            return;
        _examples.Add(reader);
        _examples.NameLast(position);
    }

    /// <summary>Computes the columns of the window's examples.</summary>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    public void Compute() => _tower.Run(_examples, _batches, _plan, _columns);

    /// <summary>Computes the columns from now on as rows are asked for.</summary>
    /// <param name="inSlices">Whether the first rows come before their pass is through.</param>
    public void Begin(bool inSlices)
    {
        if (_plan.UsesGraph)
            Compute(); // whose first windows are small
        else
            BeginTorch(inSlices);
    }

    /// <summary>Computes until the columns of a row are there.</summary>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    public void ComputeTo(int row)
    {
        if (_run is not null && _exampleOfRow[row] != NoExample)
            _run.ComputeTo(_exampleOfRow[row]);
    }

    /// <summary>Copies a row's vector of a column; NaN in every slot where the row has no sample.</summary>
    /// <param name="column">Number of the column.</param>
    /// <param name="row">The row.</param>
    /// <param name="value">Receives it.</param>
    public void CopyTo(int column, int row, ref VBuffer<float> value)
    {
        var (values, dimension) = (_columns[column].Values, _dimensions[column]);
        var editor = VBufferEditor.Create(ref value, dimension);
        if (_exampleOfRow[row] == NoExample)
            editor.Values.Fill(float.NaN);
        else
            values.AsSpan(_exampleOfRow[row] * dimension, dimension).CopyTo(editor.Values);
        value = editor.Commit();
    }

    /// <summary>Frees the examples.</summary>
    public void Dispose()
    {
        EndRun();
        _examples.Dispose();
        GC.SuppressFinalize(this);
    }

    // Apart, so that a process without libtorch never compiles it.
    private void BeginTorch(bool inSlices) => _run = new TowerRun(_tower, _examples, _batches, _plan, _columns, inSlices);

    private void EndRun()
    {
        _run?.Dispose();
        _run = null;
    }
}
