using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Evaluation;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>One modality's samples of a validation.</summary>
/// <param name="Store">Where the validation pairs are.</param>
/// <param name="Samples">Positions of the pairs' samples, each different sample once.</param>
/// <param name="Distractors">Positions, by store, of the samples that are candidates beside them.</param>
internal sealed record ValidationSide(ExampleStore Store, int[] Samples, IReadOnlyList<(ExampleStore Store, int[] Positions)> Distractors)
{
    /// <summary>Number of candidates that a sample of the other side is ranked among.</summary>
    public int CandidateCount => Samples.Length + Distractors.Sum(part => part.Positions.Length);

    /// <summary>The same samples in other stores.</summary>
    public ValidationSide With(Func<ExampleStore, ExampleStore> change) =>
        this with { Store = change(Store), Distractors = [.. Distractors.Select(part => (change(part.Store), part.Positions))] };

    /// <summary>Embeddings of the pairs' samples, and of these followed by the distractors.</summary>
    /// <param name="model">On the device.</param>
    /// <param name="side">Which of its towers.</param>
    /// <param name="device">Where it lives.</param>
    /// <param name="onRows">Told the rows of each pass; may throw to stop.</param>
    /// <param name="group">Processes that share the passes.</param>
    public (EmbeddingRows Samples, EmbeddingRows All) Embed(TwoTowerModel model, Side side, Device device, Action<int> onRows, ProcessGroup group)
    {
        var dimension = model.Spec.EmbeddingDimension;
        var (samples, all) = (new EmbeddingRows(dimension, Samples.Length), new EmbeddingRows(dimension, CandidateCount));
        Add(Embed(model, side, Store, Samples, device, onRows, group), samples, all);
        foreach (var (store, positions) in Distractors)
            Add(Embed(model, side, store, positions, device, onRows, group), all);
        return (samples, all);

        static void Add(float[][] embeddings, params EmbeddingRows[] targets)
        {
            foreach (var row in embeddings)
            {
                // An embedding that is not finite is near to nothing: its cosines are 0, so that it ties with its like instead of being first.
                if (!float.IsFinite(TensorPrimitives.SumOfMagnitudes<float>(row)))
                    Array.Clear(row);
                foreach (var target in targets)
                    target.Add(row);
            }
        }
    }

    private static float[][] Embed(
        TwoTowerModel model, Side side, ExampleStore store, int[] positions, Device device, Action<int> onRows, ProcessGroup group)
    {
        var dimension = model.Spec.EmbeddingDimension;
        var result = new float[positions.Length][];
        using var inference = inference_mode();
        var passes = LengthBatches.Passes(store, positions);
        var own = Enumerable.Range(0, passes.Count).Where(number => number % group.Size == group.Rank);
        using var batches = model.Read(side, store, own.Select(number => Array.ConvertAll(passes[number].ToArray(), row => positions[row])), device)
            .GetEnumerator();
        for (var number = 0; number < passes.Count; number++)
        {
            var pass = passes[number].ToArray();
            onRows(pass.Length);
            if (number % group.Size != group.Rank)
                continue;
            using var scope = NewDisposeScope();
            batches.MoveNext();
            var embeddings = model.Embed(side, batches.Current).cpu().contiguous();
            var values = MemoryMarshal.Cast<byte, float>(embeddings.bytes);
            for (var i = 0; i < pass.Length; i++)
                result[pass[i]] = values.Slice(i * dimension, dimension).ToArray();
        }
        for (var number = 0; group.IsShared() && number < passes.Count; number++)
        {
            var owner = number % group.Size;
            var rows = new float[passes[number].Length * dimension];
            for (var i = 0; i < passes[number].Length && owner == group.Rank; i++)
                result[passes[number][i]].CopyTo(rows, i * dimension);
            group.Broadcast(MemoryMarshal.AsBytes(rows.AsSpan()), owner, "the embeddings of the validation");
            for (var i = 0; i < passes[number].Length; i++)
                result[passes[number][i]] = rows.AsSpan(i * dimension, dimension).ToArray();
        }
        return result;
    }
}
