using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers.FineTuning;

/// <summary>What an encoder makes of some rows without noise, in passes of rows of similar length.</summary>
internal static class FeatureRows
{
    /// <summary>Features <c>[rows, FeatureDimension]</c>, in the rows' order; the caller's scope owns them.</summary>
    /// <param name="tower">The encoder.</param>
    /// <param name="examples">Its samples.</param>
    /// <param name="rows">Which of them.</param>
    /// <param name="device">Where the encoder lives.</param>
    /// <param name="onRows">Told the rows of each pass; may throw to stop.</param>
    public static Tensor Of(Tower tower, ExampleStore examples, int[] rows, Device device, Action<int> onRows)
    {
        using var scope = NewDisposeScope();
        var passes = LengthBatches.Passes(examples, rows);
        var parts = new List<Tensor>();
        for (var number = 0; number < passes.Count; number++)
        {
            var pass = passes[number].ToArray();
            using (NewDisposeScope())
                parts.Add(tower.Features(examples.Gather(Array.ConvertAll(pass, row => rows[row]), device)).MoveToOuterDisposeScope());
            onRows(pass.Length);
        }
        return passes.Restore(parts, device).MoveToOuterDisposeScope();
    }
}
