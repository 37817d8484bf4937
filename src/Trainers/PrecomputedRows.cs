using System.Runtime.InteropServices;
using Microsoft.ML.GentleClip.Modalities;
using Microsoft.ML.GentleClip.Models;
using Microsoft.ML.GentleClip.Runtime;
using Microsoft.ML.GentleClip.Trainers.Sharding;
using static TorchSharp.torch;

namespace Microsoft.ML.GentleClip.Trainers;

/// <summary>
/// What does not change of the rows of a training, computed once. Where an encoder is frozen, that is what it makes of them, so that the steps have only the
/// projection head to do; where it is not, what it begins with, if that comes of each row by itself. The rows stay as they are.
/// </summary>
internal sealed class PrecomputedRows : IDisposable
{
    private readonly Dictionary<ExampleStore, ExampleStore> _stores = [];

    private PrecomputedRows()
    {
    }

    /// <summary>Computes it for the training's rows and those of the validation.</summary>
    /// <param name="model">On the device.</param>
    /// <param name="data">The training's rows.</param>
    /// <param name="validation">Pairs to validate on, or null.</param>
    /// <param name="device">Where the model lives.</param>
    /// <param name="reporter">Told after each pass.</param>
    /// <param name="checkCancelled">Called before each pass; throws to stop.</param>
    public static PrecomputedRows Compute(
        TwoTowerModel model, TrainingData data, ValidationSet? validation, Device device, TrainingReporter reporter, Action checkCancelled)
    {
        var result = new PrecomputedRows();
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
                        if (Derived(tower, examples) is { } derived)
                            result._stores.Add(examples, derived);
                        continue;
                    }
                    var features = Encode(tower, examples, specs[side].Modality.InputColumnName, device, reporter, checkCancelled);
                    result._stores.Add(examples, With(examples, features));
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

    /// <summary>The same rows, with what was computed of them where there is something.</summary>
    public TrainingData Of(TrainingData data) => data.With(Of);

    /// <summary>The same pairs, with what was computed of them where there is something; null for null.</summary>
    public ValidationSet? Of(ValidationSet? validation) =>
        validation is null ? null : validation with { Sides = validation.Sides.Select(side => side.With(Of)) };

    /// <summary>Frees what was computed.</summary>
    public void Dispose()
    {
        foreach (var store in _stores.Values)
            store.Dispose();
    }

    private ExampleStore Of(ExampleStore examples) => _stores.TryGetValue(examples, out var computed) ? computed : examples;

    private static ExampleStore? Derived(Tower tower, ExampleStore examples)
    {
        var (local, shards) = ShardedStore.Of(examples);
        return tower.Derive(local) is { } derived ? shards is null ? derived : new ShardedStore(derived, shards) : null;
    }

    private static ExampleStore With(ExampleStore examples, VectorStore features)
    {
        var (local, shards) = ShardedStore.Of(examples);
        var store = new FeatureStore(local, features);
        return shards is null ? store : new ShardedStore(store, shards);
    }

    /// <summary>What a tower's encoder makes of the examples of a store that are here, without noise, in their order; the caller's.</summary>
    public static VectorStore Encode(
        Tower tower, ExampleStore examples, string column, Device device, TrainingReporter reporter, Action checkCancelled)
    {
        var (local, shards) = ShardedStore.Of(examples);
        var features = new VectorStore(tower.FeatureDimension);
        try
        {
            features.Extend(local.Count);
            var (done, length) = (0, 0d);
            var work = Enumerable.Range(0, local.Count).Sum(position => (double)local.LengthOf(position));
            reporter.Begin(TrainingPhase.EncodingRows, ProgressUnit.Rows, local.Count, column: column, work: work);
            using var inference = inference_mode();
            int[][] passes = [.. ShardPasses.Of(examples, [.. Enumerable.Range(0, examples.Count)])];
            foreach (var (number, batch) in tower.Read(examples, passes, device).Index())
            {
                checkCancelled();
                using var scope = NewDisposeScope();
                var pass = passes[number];
                var encoded = tower.Features(batch).cpu().contiguous();
                var values = MemoryMarshal.Cast<byte, float>(encoded.bytes);
                for (var i = 0; i < pass.Length; i++)
                    values.Slice(i * tower.FeatureDimension, tower.FeatureDimension).CopyTo(features.Row(shards?.Local(pass[i]) ?? pass[i]));
                done += pass.Length;
                length += pass.Sum(position => (double)examples.LengthOf(position));
                reporter.At(done, length);
            }
            checkCancelled();
            if (done != local.Count)
                throw new InvalidOperationException($"The passes encoded {done} of {local.Count} rows.");
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
