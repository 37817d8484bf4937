using System.Runtime.Intrinsics.X86;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>
/// libtorch's passes through the examples of a window, computed when their rows are asked for: the pass of the row that is served next comes first. Which
/// examples are in a pass, and so the last bits of what comes of them, is as if all were computed at once.
/// </summary>
internal sealed class TowerRun : IDisposable
{
    // Tokens or patches of the first slice of a pass, and how much more the next one has.
    private const long FirstSlice = 256;
    private const int Growth = 4;

    /// <summary>Whether the processor's matrix products are those whose sums were looked at: of MKL and oneDNN on Intel's, with AVX2 or AVX-512.</summary>
    public static bool HasKnownProducts { get; } = Avx2.IsSupported && X86Base.CpuId(0, 0) is (_, 0x756e6547, 0x6c65746e, 0x49656e69); // GenuineIntel

    private readonly TowerScorer _tower;
    private readonly ExampleStore _examples;
    private readonly ScoringPlan _plan;
    private readonly (ColumnOutput Output, float[] Values)[] _columns;
    private readonly int[][] _passes;
    private readonly IEnumerator<ModalityBatch> _batches;
    private readonly bool[] _isDone;
    private long _slice;
    private int _next;

    // Of a pass that is computed in slices.
    private Tensor? _features;

    /// <summary>Plans the passes; nothing is computed.</summary>
    /// <param name="tower">Computes.</param>
    /// <param name="examples">Of the window; none is added as long as this is used.</param>
    /// <param name="batches">Divides them.</param>
    /// <param name="plan">Rows of a pass, precision, and whether passes are prepared ahead.</param>
    /// <param name="columns">What is computed, each with the array that receives <c>[examples.Count, Dimension]</c>.</param>
    /// <param name="inSlices">Whether the first pass is computed a few rows at a time where that changes no bit.</param>
    public TowerRun(
        TowerScorer tower, ExampleStore examples, LengthBatches batches, ScoringPlan plan, (ColumnOutput Output, float[] Values)[] columns, bool inSlices)
    {
        (_tower, _examples, _plan, _columns) = (tower, examples, plan, columns);
        batches.PlanScoring(examples, plan.BatchSize);
        _passes = batches.Parts;
        if (_passes.Length > 1)
            _passes = [.. _passes.OrderBy(pass => pass.Min())];
        _isDone = new bool[examples.Count];
        _batches = tower.Read(examples, _passes, plan).GetEnumerator();
        ThreadCountLease.KeepOwnNumber();
        // Several threads divide a product by its rows, each library in its own way.
        var slices = inSlices && HasKnownProducts && get_num_threads() == 1 && plan.Precision == EncoderPrecision.Float32;
        _slice = slices ? FirstSlice : long.MaxValue;
    }

    /// <summary>Computes until the columns of an example are there.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <exception cref="InvalidOperationException">A sample cannot be prepared; the message names its row and column.</exception>
    public void ComputeTo(int example)
    {
        while (!_isDone[example])
            Step(example);
    }

    /// <summary>Frees what was prepared.</summary>
    public void Dispose()
    {
        _features?.Dispose();
        _features = null;
        _batches.Dispose();
    }

    // One pass, or a slice of it with the example.
    private void Step(int example)
    {
        if (_features is null && !_batches.MoveNext())
            throw new InvalidOperationException($"There are {_passes.Length} passes for {_examples.Count} rows, and no batch for number {_next}.");
        var pass = _passes[_next];
        if (_slice < long.MaxValue && Slice(pass, example) is var slice && slice.Length < pass.Length
            && _tower.RunSlice(_batches.Current, slice, ref _features, pass, _plan, _columns))
        {
            _slice *= Growth;
            foreach (var row in slice)
                _isDone[pass[row]] = true;
            if (!Array.TrueForAll(pass, position => _isDone[position]))
                return;
        }
        else
        {
            _tower.RunPass(_batches.Current, pass, _plan, _columns);
            foreach (var position in pass)
                _isDone[position] = true;
        }
        _features?.Dispose();
        _features = null;
        _slice = long.MaxValue; // only the first pass is in slices
        if (++_next == _passes.Length)
            _batches.Dispose(); // the batch that it holds
    }

    // Numbers of rows of a pass: those that are served next, beginning with the one that is asked for.
    private int[] Slice(int[] pass, int example)
    {
        int[] open = [.. Enumerable.Range(0, pass.Length).Where(row => !_isDone[pass[row]]).OrderBy(row => pass[row])];
        var length = 0L;
        var count = 0;
        while (count < open.Length && (length < _slice || pass[open[count]] <= example))
            length += _examples.LengthOf(pass[open[count++]]);
        return open[..count];
    }
}
