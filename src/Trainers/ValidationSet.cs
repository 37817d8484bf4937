using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Matched pairs on which retrieval is measured after each epoch.</summary>
/// <param name="A">Store of modality A.</param>
/// <param name="PositionsA">The pairs' positions in it.</param>
/// <param name="B">Store of modality B.</param>
/// <param name="PositionsB">The pairs' positions in it.</param>
internal sealed record ValidationSet(ExampleStore A, int[] PositionsA, ExampleStore B, int[] PositionsB)
{
    private const int RowsPerForwardPass = 1024;

    /// <summary>Retrieval of the model as it stands.</summary>
    public ValidationRetrieval Evaluate(TwoTowerModel model, Device device)
    {
        var dimension = model.Spec.EmbeddingDimension;
        var metrics = RetrievalMetrics.Evaluate(
            Embed(model, AlignmentSide.A, A, PositionsA, device), Embed(model, AlignmentSide.B, B, PositionsB, device), PositionsA.Length, dimension);
        return new ValidationRetrieval(metrics.RecallAt(1), metrics.RecallAt(5), metrics.RecallAt(10), metrics.MeanReciprocalRank);
    }

    private static float[] Embed(TwoTowerModel model, AlignmentSide side, ExampleStore store, int[] positions, Device device)
    {
        var dimension = model.Spec.EmbeddingDimension;
        var result = new float[positions.Length * dimension];
        using var inference = inference_mode();
        var most = Math.Min(RowsPerForwardPass, store.MostRowsPerBatch);
        for (var start = 0; start < positions.Length; start += most)
        {
            using var scope = NewDisposeScope();
            var rows = Math.Min(most, positions.Length - start);
            var embeddings = model.Embed(side, store.Gather(positions.AsSpan(start, rows), device)).cpu().contiguous();
            MemoryMarshal.Cast<byte, float>(embeddings.bytes).CopyTo(result.AsSpan(start * dimension));
        }
        return result;
    }
}
