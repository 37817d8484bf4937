using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Evaluation;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Trainers.Sharding;
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
    public (EmbeddingRows Samples, EmbeddingRows All) Embed(TwoTowerModel model, Side side, Device device, Action<int> onRows)
    {
        var dimension = model.Spec.EmbeddingDimension;
        var (samples, all) = (new EmbeddingRows(dimension, Samples.Length), new EmbeddingRows(dimension, CandidateCount));
        Add(Embed(model, side, Store, Samples, device, onRows), samples, all);
        foreach (var (store, positions) in Distractors)
            Add(Embed(model, side, store, positions, device, onRows), all);
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
        TwoTowerModel model, Side side, ExampleStore store, int[] positions, Device device, Action<int> onRows)
    {
        var dimension = model.Spec.EmbeddingDimension;
        var result = new float[positions.Length][];
        using var inference = inference_mode();
        var done = 0;
        int[][] passes = [.. ShardPasses.Of(store, positions)];
        foreach (var (number, batch) in model.Read(side, store, passes.Select(pass => Array.ConvertAll(pass, row => positions[row])), device).Index())
        {
            var pass = passes[number];
            onRows(pass.Length);
            done += pass.Length;
            using var scope = NewDisposeScope();
            var embeddings = model.Embed(side, batch).cpu().contiguous();
            var values = MemoryMarshal.Cast<byte, float>(embeddings.bytes);
            for (var i = 0; i < pass.Length; i++)
                result[pass[i]] = values.Slice(i * dimension, dimension).ToArray();
        }
        if (done != passes.Sum(pass => pass.Length))
            throw new InvalidOperationException($"The passes embedded {done} of {passes.Sum(pass => pass.Length)} rows.");
        if (store is not ShardedStore { Shards: { Group.Size: > 1 } shards })
            return result;
        shards.Exchange(
            positions, sizeof(float) * dimension, (row, bytes) => MemoryMarshal.AsBytes(result[row].AsSpan()).CopyTo(bytes),
            (row, bytes) => result[row] = MemoryMarshal.Cast<byte, float>(bytes).ToArray(), "the embeddings of the validation");
        if (done < positions.Length)
            onRows(positions.Length - done);
        return result;
    }
}
