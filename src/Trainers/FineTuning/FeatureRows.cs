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
        var positions = passes.Parts.Select(pass => Array.ConvertAll(pass, row => rows[row]));
        foreach (var (number, batch) in tower.Read(examples, positions, device).Index())
        {
            using (NewDisposeScope())
                parts.Add(tower.Features(batch).clone().MoveToOuterDisposeScope());
            onRows(passes[number].Length);
        }
        return passes.Restore(parts, device).MoveToOuterDisposeScope();
    }
}
