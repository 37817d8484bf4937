using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>One side of the model as columns are computed from it: a pass gives all that they take.</summary>
/// <param name="shared">Guards the model's weights.</param>
/// <param name="model">The model.</param>
/// <param name="side">Its side.</param>
/// <param name="device">Where the model lives; null where it has no libtorch.</param>
/// <param name="environment">Names the folder for temporary files; null takes the system's.</param>
internal sealed class TowerScorer(SharedModel shared, ISidedModel model, Side side, Device? device, IHostEnvironment? environment = null)
{
    private long _forwardPasses, _computedRows;

    /// <summary>The side as a graph, for the other engine than libtorch.</summary>
    public GraphTower Graph { get; } = new(shared, model, side, environment);

    /// <summary>The side.</summary>
    public Side Side => side;

    /// <summary>Modality and sizes.</summary>
    public TowerSpec Spec => model.SpecOf(side);

    /// <summary>Whether an encoder is computed; a closed form of feature vectors has none.</summary>
    public bool HasEncoder => model is not SidedModel torch || torch.TowerOf(side) is not null;

    /// <summary>Forward passes done so far, by all rows and cursors together.</summary>
    public long ForwardPasses => Interlocked.Read(ref _forwardPasses);

    /// <summary>Rows that libtorch has computed so far, by all cursors together.</summary>
    public long ComputedRows => Interlocked.Read(ref _computedRows);

    /// <summary>Length of an output's vectors.</summary>
    public int DimensionOf(ColumnOutput output) => output.Dimension(model, side);

    /// <summary>Computes columns for a few examples together, in the store's order.</summary>
    /// <param name="examples">The store.</param>
    /// <param name="plan">What computes, and with which numbers.</param>
    /// <param name="columns">What they take, each with the array that receives <c>[examples.Count, Dimension]</c>.</param>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public void RunTogether(ExampleStore examples, ScoringPlan plan, params ReadOnlySpan<(ColumnOutput Output, float[] Target)> columns)
    {
        if (plan.UsesGraph)
            Run(examples, new LengthBatches(), plan.RowByRow, columns);
        else
            RunOnePass(examples, plan, columns);
    }

    // Apart, so that a process without libtorch never compiles it.
    private void RunOnePass(ExampleStore examples, ScoringPlan plan, ReadOnlySpan<(ColumnOutput Output, float[] Target)> columns)
    {
        using (shared.Enter(plan.Precision))
        using (inference_mode())
        using (NewDisposeScope())
        {
            var pass = Run(examples.Gather([.. Enumerable.Range(0, examples.Count)]).To(device!));
            foreach (var (output, target) in columns)
                Values(output, pass).CopyTo(target);
        }
        NativeHeap.TrimNowAndThen(); // passes of ever other lengths leave pages into which no later one fits
    }

    /// <summary>Computes columns for all examples of a store, in the store's order, in as many passes as planned.</summary>
    /// <param name="examples">The store.</param>
    /// <param name="batches">Plans the passes.</param>
    /// <param name="plan">Rows of a pass, what computes, and whether the next pass is prepared on another thread while one is computed.</param>
    /// <param name="columns">What they take, each with the array that receives <c>[examples.Count, Dimension]</c>.</param>
    /// <param name="cancellationToken">Looked at before each pass.</param>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="InvalidOperationException">A sample cannot be prepared; the message names its row and column.</exception>
    public void Run(
        ExampleStore examples, LengthBatches batches, ScoringPlan plan, ReadOnlySpan<(ColumnOutput Output, float[] Target)> columns,
        CancellationToken cancellationToken = default)
    {
        if (plan.UsesGraph)
        {
            using var use = shared.Enter();
            Interlocked.Add(ref _forwardPasses, Graph.Run(examples, batches, plan.BatchSize, columns, cancellationToken));
        }
        else
        {
            RunTorch(examples, batches, plan, columns, cancellationToken);
        }
    }

    // Apart, so that a process without libtorch never compiles it.
    private void RunTorch(
        ExampleStore examples, LengthBatches batches, ScoringPlan plan, ReadOnlySpan<(ColumnOutput Output, float[] Target)> columns,
        CancellationToken cancellationToken)
    {
        batches.PlanScoring(examples, plan.BatchSize);
        var (passes, done) = (batches.Parts, 0);
        foreach (var (number, batch) in Read(examples, passes, plan).Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            RunPass(batch, passes[number], plan, columns);
            done += passes[number].Length;
        }
        if (done != examples.Count)
            throw new InvalidOperationException($"The passes computed {done} of {examples.Count} rows.");
    }

    /// <summary>A batch for each pass, in their order.</summary>
    /// <param name="examples">The store.</param>
    /// <param name="passes">Positions of each.</param>
    /// <param name="plan">Whether other threads may prepare them.</param>
    public IEnumerable<ModalityBatch> Read(ExampleStore examples, IEnumerable<int[]> passes, ScoringPlan plan) =>
        ((SidedModel)model).Read(side, examples, passes, device!, plan.Overlap);

    /// <summary>Computes the columns of a pass.</summary>
    /// <param name="batch">Its examples.</param>
    /// <param name="positions">Where they are.</param>
    /// <param name="plan">Of the view.</param>
    /// <param name="columns">Each with the array that receives the rows at their positions.</param>
    public void RunPass(ModalityBatch batch, int[] positions, ScoringPlan plan, ReadOnlySpan<(ColumnOutput Output, float[] Target)> columns)
    {
        using (shared.Enter(plan.Precision))
        using (inference_mode())
        using (NewDisposeScope())
            Take(Run(batch), null, positions, columns);
        NativeHeap.TrimNowAndThen(); // as above
    }

    /// <summary>Computes the columns of some rows of a pass, with the bits that they have beside all of its rows, where the encoder can do so.</summary>
    /// <param name="batch">The examples of the pass.</param>
    /// <param name="rows">Numbers of the rows in it.</param>
    /// <param name="features">Of all rows of the pass, 0 for those that are not known yet; null before the first slice. The caller's.</param>
    /// <param name="positions">Where the examples are.</param>
    /// <param name="plan">Of the view.</param>
    /// <param name="columns">Each with the array that receives the rows at their positions.</param>
    /// <returns>Whether it was computed.</returns>
    public bool RunSlice(
        ModalityBatch batch, int[] rows, ref Tensor? features, int[] positions, ScoringPlan plan, ReadOnlySpan<(ColumnOutput Output, float[] Target)> columns)
    {
        var own = (SidedModel)model;
        // A GPU chooses other products for fewer rows.
        if (device!.type != DeviceType.CPU || own.TowerOf(side) is not { } tower)
            return false;
        using var use = shared.Enter(plan.Precision);
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        ThreadCountLease.KeepOwnNumber();
        if (tower.EncodeRows(batch, rows) is not { } found)
            return false;
        features ??= zeros([positions.Length, found.size(1)], found.dtype).DetachFromDisposeScope();
        features.index_copy_(0, tensor(Array.ConvertAll(rows, row => (long)row)), found);
        // What follows the encoder is little, and is computed in the shape of the whole pass.
        Take(Run(new FeatureBatch(features)), rows, positions, columns);
        return true;
    }

    /// <summary>Computes something from a two-tower model, whose weights stay alive meanwhile.</summary>
    /// <exception cref="DllNotFoundException">It was loaded without libtorch.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public T Use<T>(Func<TwoTowerModel, Side, T> compute)
    {
        using var use = shared.Enter();
        return compute(model as TwoTowerModel ?? throw PlainLoading.NeedsTorch(), side);
    }

    /// <summary>Throws when the model was disposed.</summary>
    public void ThrowIfDisposed() => shared.ThrowIfDisposed();

    // In the caller's dispose scope, which owns the memory.
    private TowerOutput<Tensor> Run(ModalityBatch batch)
    {
        Interlocked.Increment(ref _forwardPasses);
        ThreadCountLease.KeepOwnNumber();
        return ((SidedModel)model).Run(side, batch);
    }

    // All rows of a pass, or some.
    private void Take(
        TowerOutput<Tensor> pass, int[]? rows, int[] positions, ReadOnlySpan<(ColumnOutput Output, float[] Target)> columns)
    {
        var count = rows?.Length ?? positions.Length;
        Interlocked.Add(ref _computedRows, count);
        foreach (var (output, target) in columns)
        {
            var values = Values(output, pass);
            var dimension = values.Length / positions.Length;
            for (var i = 0; i < count; i++)
            {
                var row = rows is null ? i : rows[i];
                values.Slice(row * dimension, dimension).CopyTo(target.AsSpan(positions[row] * dimension));
            }
        }
    }

    private static ReadOnlySpan<float> Values(ColumnOutput output, TowerOutput<Tensor> pass) =>
        MemoryMarshal.Cast<byte, float>(output.Tensor(pass).cpu().contiguous().bytes);
}
