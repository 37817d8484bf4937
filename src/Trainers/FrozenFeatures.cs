using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Encodes the examples of a frozen encoder once, so that the steps of a training have only the projection head to do.</summary>
internal static class FrozenFeatures
{
    private const int LengthPerPass = 1 << 14, RowsPerPass = 1024;

    /// <summary>Replaces the examples of frozen encoders by their features, those of the validation included; once, as the weights stay.</summary>
    /// <param name="model">On the device.</param>
    /// <param name="data">The training's rows.</param>
    /// <param name="validation">Pairs to validate on, or null.</param>
    /// <param name="device">Where the model lives.</param>
    /// <param name="reporter">Told after each pass.</param>
    /// <param name="checkCancelled">Called before each pass; throws to stop.</param>
    public static void Compute(TwoTowerModel model, TrainingData data, ValidationSet? validation, Device device, TrainingReporter reporter, Action checkCancelled)
    {
        foreach (var (tower, spec, stores) in new[] { (model.TowerA, model.Spec.A, new[] { data.A, validation?.A }), (model.TowerB, model.Spec.B, [data.B, validation?.B]) })
        {
            foreach (var examples in stores)
                if (tower.IsFrozen && examples is { HasFeatures: false })
                    Compute(tower, examples, spec.Modality.InputColumnName, device, reporter, checkCancelled);
        }
    }

    private static void Compute(Tower tower, ExampleStore examples, string column, Device device, TrainingReporter reporter, Action checkCancelled)
    {
        // Neighbours in the order of lengths share a pass, so that little is padding.
        int[] order = [.. Enumerable.Range(0, examples.Count).OrderByDescending(examples.LengthOf)];
        var features = new VectorStore(tower.FeatureDimension);
        var most = Math.Min(RowsPerPass, examples.MostRowsPerBatch);
        try
        {
            features.Extend(examples.Count);
            using var inference = inference_mode();
            for (int start = 0, end; start < order.Length; start = end)
            {
                checkCancelled();
                using var scope = NewDisposeScope();
                var length = 0L;
                for (end = start; end < order.Length && end - start < most && (end == start || length + examples.LengthOf(order[end]) <= LengthPerPass); end++)
                    length += examples.LengthOf(order[end]);
                var encoded = tower.Features(examples.Gather(order.AsSpan(start, end - start), device)).cpu().contiguous();
                var values = MemoryMarshal.Cast<byte, float>(encoded.bytes);
                for (var i = start; i < end; i++)
                    values.Slice((i - start) * tower.FeatureDimension, tower.FeatureDimension).CopyTo(features.Row(order[i]));
                reporter.Features(column, end, order.Length);
            }
            examples.ReplaceByFeatures(features);
        }
        catch
        {
            features.Dispose();
            throw;
        }
    }
}
