using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Transformers;

/// <summary>One side of the model as columns are computed from it: a pass gives all that they take.</summary>
/// <param name="shared">Guards the model's weights.</param>
/// <param name="model">The model.</param>
/// <param name="side">Its side.</param>
/// <param name="device">Where the model lives; null where it has no libtorch.</param>
internal sealed class TowerScorer(SharedModel shared, ISidedModel model, Side side, Device? device)
{
    private long _forwardPasses;

    /// <summary>The side as a graph, for the other engine than libtorch.</summary>
    public GraphTower Graph { get; } = new(shared, model, side);

    /// <summary>The side.</summary>
    public Side Side => side;

    /// <summary>Modality and sizes.</summary>
    public TowerSpec Spec => model.SpecOf(side);

    /// <summary>Whether an encoder is computed; a closed form of feature vectors has none.</summary>
    public bool HasEncoder => model is not SidedModel torch || torch.TowerOf(side) is not null;

    /// <summary>Forward passes done so far, by all rows and cursors together.</summary>
    public long ForwardPasses => Interlocked.Read(ref _forwardPasses);

    /// <summary>Length of an output's vectors.</summary>
    public int DimensionOf(ColumnOutput output) => output.Dimension(model, side);

    /// <summary>Computes columns for the examples at some positions of a store in one forward pass.</summary>
    /// <param name="examples">The store.</param>
    /// <param name="positions">Which of them.</param>
    /// <param name="columns">What they take, each with the array that receives <c>[positions.Length, Dimension]</c>.</param>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public void Run(ExampleStore examples, ReadOnlySpan<int> positions, params ReadOnlySpan<(ColumnOutput Output, float[] Target)> columns)
    {
        using var use = shared.Enter();
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        var pass = Run(examples.Gather(positions, device!));
        foreach (var (output, target) in columns)
            Values(output, pass).CopyTo(target);
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
        var passes = Enumerable.Range(0, batches.Count).Select(part => batches[part].ToArray());
        using var prepared = ((SidedModel)model).Read(side, examples, passes, device!, plan.Overlap).GetEnumerator();
        var start = 0;
        for (var part = 0; part < batches.Count; part++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var positions = batches[part];
            using var use = shared.Enter();
            using var inference = inference_mode();
            using var scope = NewDisposeScope();
            prepared.MoveNext();
            var pass = Run(prepared.Current);
            foreach (var (output, target) in columns)
            {
                var values = Values(output, pass);
                var dimension = values.Length / positions.Length;
                if (!batches.IsReordered)
                    values.CopyTo(target.AsSpan(start * dimension));
                for (var i = 0; batches.IsReordered && i < positions.Length; i++)
                    values.Slice(i * dimension, dimension).CopyTo(target.AsSpan(positions[i] * dimension));
            }
            start += positions.Length;
        }
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

    private static ReadOnlySpan<float> Values(ColumnOutput output, TowerOutput<Tensor> pass) =>
        MemoryMarshal.Cast<byte, float>(output.Tensor(pass).cpu().contiguous().bytes);
}
