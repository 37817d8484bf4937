using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Encoders;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>
/// What does not change of the rows of a training, computed once. Where an encoder is frozen, that is what it makes of them, so that the steps have only the
/// projection head to do; where it is not, what it begins with, if that comes of each row by itself. The rows stay as they are.
/// </summary>
internal sealed class FrozenFeatures : IDisposable
{
    private readonly Dictionary<ExampleStore, ExampleStore> _stores = [];

    private FrozenFeatures()
    {
    }

    /// <summary>Encodes the examples of frozen encoders, those of the validation included.</summary>
    /// <param name="model">On the device.</param>
    /// <param name="data">The training's rows.</param>
    /// <param name="validation">Pairs to validate on, or null.</param>
    /// <param name="device">Where the model lives.</param>
    /// <param name="reporter">Told after each pass.</param>
    /// <param name="checkCancelled">Called before each pass; throws to stop.</param>
    /// <param name="group">Processes that share the passes; each gets all features. Null for one.</param>
    public static FrozenFeatures Compute(
        TwoTowerModel model, TrainingData data, ValidationSet? validation, Device device, TrainingReporter reporter, Action checkCancelled,
        ProcessGroup? group = null)
    {
        group ??= new SingleProcess();
        var result = new FrozenFeatures();
        var specs = new Sides<TowerSpec>(model.Spec.A, model.Spec.B);
        var stores = Sides<ExampleStore?[]>.Of(side => [data.Sides[side].Store, validation?.Sides[side].Store]);
        try
        {
            foreach (var (side, own) in stores.Each)
            {
                if (model.TowerOf(side) is not { } tower)
                    continue;
                foreach (var examples in own.OfType<ExampleStore>().Distinct().Where(examples => examples.Count > 0))
                {
                    if (!tower.IsFrozen)
                    {
                        if (tower.Derive(examples) is { } derived)
                            result._stores.Add(examples, derived);
                        continue;
                    }
                    var features = Compute(tower, examples, specs[side].Modality.InputColumnName, device, reporter, checkCancelled, group);
                    result._stores.Add(examples, new FeatureStore(examples, features));
                }
            }
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>The same rows, with features where there are some.</summary>
    public TrainingData Of(TrainingData data) => data.With(Of);

    /// <summary>The same pairs, with features where there are some; null for null.</summary>
    public ValidationSet? Of(ValidationSet? validation) =>
        validation is null ? null : validation with { Sides = validation.Sides.Select(side => side.With(Of)) };

    /// <summary>Frees the features.</summary>
    public void Dispose()
    {
        foreach (var store in _stores.Values)
            store.Dispose();
    }

    private ExampleStore Of(ExampleStore examples) => _stores.TryGetValue(examples, out var features) ? features : examples;

    /// <summary>What a tower's encoder makes of all examples of a store, without noise, in their order; the caller's.</summary>
    public static VectorStore Compute(
        Tower tower, ExampleStore examples, string column, Device device, TrainingReporter reporter, Action checkCancelled,
        ProcessGroup? group = null)
    {
        group ??= new SingleProcess();
        var features = new VectorStore(tower.FeatureDimension);
        try
        {
            features.Extend(examples.Count);
            int[] all = [.. Enumerable.Range(0, examples.Count)];
            var (done, length) = (0, 0d);
            var work = all.Sum(position => (double)examples.LengthOf(position));
            reporter.Begin(TrainingPhase.EncodingRows, ProgressUnit.Rows, all.Length, column: column, work: work);
            using var inference = inference_mode();
            var passes = LengthBatches.Passes(examples, all);
            var own = Enumerable.Range(0, passes.Count).Where(number => number % group.Size == group.Rank);
            using var batches = tower.Read(examples, own.Select(number => passes[number].ToArray()), device).GetEnumerator();
            for (var number = 0; number < passes.Count; number++)
            {
                var pass = passes[number].ToArray();
                checkCancelled();
                done += pass.Length;
                length += pass.Sum(position => (double)examples.LengthOf(position));
                if (number % group.Size != group.Rank)
                    continue;
                using var scope = NewDisposeScope();
                batches.MoveNext();
                var encoded = tower.Features(batches.Current).cpu().contiguous();
                var values = MemoryMarshal.Cast<byte, float>(encoded.bytes);
                for (var i = 0; i < pass.Length; i++)
                    values.Slice(i * tower.FeatureDimension, tower.FeatureDimension).CopyTo(features.Row(pass[i]));
                reporter.At(done, length);
            }
            for (var number = 0; group.IsShared() && number < passes.Count; number++)
            {
                var rows = new float[passes[number].Length * tower.FeatureDimension];
                for (var i = 0; i < passes[number].Length; i++)
                    features.Row(passes[number][i]).CopyTo(rows.AsSpan(i * tower.FeatureDimension));
                group.BroadcastInParts(MemoryMarshal.AsBytes(rows.AsSpan()), number % group.Size, "the features of a frozen encoder");
                for (var i = 0; i < passes[number].Length; i++)
                    rows.AsSpan(i * tower.FeatureDimension, tower.FeatureDimension).CopyTo(features.Row(passes[number][i]));
            }
            checkCancelled();
            reporter.EndPhase();
            return features;
        }
        catch
        {
            features.Dispose();
            throw;
        }
    }
}
