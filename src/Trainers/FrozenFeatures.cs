using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Alignment;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>Encodes the examples of a frozen encoder once, so that the steps of a training have only the projection head to do.</summary>
internal static class FrozenFeatures
{
    /// <summary>Replaces the examples of frozen encoders by their features, those of the validation included; once, as the weights stay.</summary>
    /// <param name="model">On the device.</param>
    /// <param name="data">The training's rows.</param>
    /// <param name="validation">Pairs to validate on, or null.</param>
    /// <param name="device">Where the model lives.</param>
    /// <param name="reporter">Told after each pass.</param>
    /// <param name="checkCancelled">Called before each pass; throws to stop.</param>
    public static void Compute(TwoTowerModel model, TrainingData data, ValidationSet? validation, Device device, TrainingReporter reporter, Action checkCancelled)
    {
        var (a, b) = (new[] { data.A, validation?.A.Store }, new[] { data.B, validation?.B.Store });
        foreach (var (tower, spec, stores) in new[] { (model.TowerOf(AlignmentSide.A), model.Spec.A, a), (model.TowerOf(AlignmentSide.B), model.Spec.B, b) })
        {
            foreach (var examples in stores)
                if (tower is { IsFrozen: true } && examples is { HasFeatures: false, Count: > 0 })
                    Compute(tower, examples, spec.Modality.InputColumnName, device, reporter, checkCancelled);
        }
    }

    private static void Compute(Tower tower, ExampleStore examples, string column, Device device, TrainingReporter reporter, Action checkCancelled)
    {
        var features = new VectorStore(tower.FeatureDimension);
        try
        {
            features.Extend(examples.Count);
            int[] all = [.. Enumerable.Range(0, examples.Count)];
            var (done, length) = (0, 0d);
            reporter.Begin(TrainingPhase.EncodingRows, ProgressUnit.Rows, all.Length, column: column, work: all.Sum(position => (double)examples.LengthOf(position)));
            using var inference = inference_mode();
            var passes = LengthBatches.Passes(examples, all);
            for (var number = 0; number < passes.Count; number++)
            {
                var pass = passes[number].ToArray();
                checkCancelled();
                using var scope = NewDisposeScope();
                var encoded = tower.Features(examples.Gather(pass, device)).cpu().contiguous();
                var values = MemoryMarshal.Cast<byte, float>(encoded.bytes);
                for (var i = 0; i < pass.Length; i++)
                    values.Slice(i * tower.FeatureDimension, tower.FeatureDimension).CopyTo(features.Row(pass[i]));
                done += pass.Length;
                length += pass.Sum(position => (double)examples.LengthOf(position));
                reporter.At(done, length);
            }
            checkCancelled();
            reporter.EndPhase();
            examples.ReplaceByFeatures(features);
        }
        catch
        {
            features.Dispose();
            throw;
        }
    }
}
